import { describe, expect, test } from 'vitest'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'
import { keyRing } from '../support/keyRing.ts'
import { createEffects, createPending, DAY_MS, failWith, LEASE_MS, settle } from './requesting.ts'

describe('a request', () => {
  test('has its effect, and the answer', async () => {
    const effects = createEffects()

    expect(await effects.request()).toEqual({ answer: { msgid: '1' }, repeated: false })

    expect(effects.sent).toBe(1)
  })

  test('that is repeated gets the first answer, and has no effect', async () => {
    const effects = createEffects()
    await effects.request()

    expect(await effects.request({ requestId: 'request-2' })).toEqual({
      answer: { msgid: '1' },
      repeated: true,
    })

    expect(effects.sent).toBe(1)
  })

  test('with another payload is refused, whatever the first has come to', async () => {
    const effects = createEffects()
    const pending = createPending()
    const first = effects.request({}, pending.effect)
    await settle()
    const other = { payload: { to: 'bob' } }

    await expect(effects.request(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })
    pending.finish({})
    await first
    await expect(effects.request(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })

    expect(effects.sent).toBe(1)
  })

  test('with another id is another request', async () => {
    const effects = createEffects()
    await effects.request()

    expect(await effects.request({ id: 'other' })).toMatchObject({ repeated: false })

    expect(effects.sent).toBe(2)
  })

  test('is forgotten after its time', async () => {
    const effects = createEffects()
    await effects.request()

    effects.clock.advance(DAY_MS)

    expect(await effects.request()).toMatchObject({ repeated: false })
  })

  test('of sixty-four at once has one effect, and the others hear that it is under way', async () => {
    const effects = createEffects()
    const pending = createPending()
    const requests = Promise.allSettled(Array.from({ length: 64 }, () => effects.request({}, pending.effect)))
    await settle()
    pending.finish({ msgid: 'only' })

    const outcomes = await requests

    expect(effects.sent).toBe(1)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
      expect(outcome).toMatchObject({ reason: { code: 'IN_PROGRESS' } })
    }
  })
})

describe('while the first is under way', () => {
  test('a repeat is told until when', async () => {
    const effects = createEffects()
    void effects.request({}, createPending().effect)
    await settle()
    effects.clock.advance(500)

    await expect(effects.request()).rejects.toMatchObject({
      code: 'IN_PROGRESS',
      options: { retryAfterMs: LEASE_MS - 500 },
    })
  })

  test('nobody else starts, up to the end of its lease and after it', async () => {
    const effects = createEffects()
    void effects.request({}, createPending().effect)
    await settle()

    effects.clock.advance(LEASE_MS - 1)
    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    effects.clock.advance(1)
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    expect(effects.sent).toBe(1)
  })

  test('by a clock that is far ahead, a repeat does not wait for it', async () => {
    const effects = createEffects()
    void effects.request({}, createPending().effect)
    await settle()
    effects.clock.advance(-600_000)
    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })

    effects.clock.advance(-86_400_000)
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    expect(effects.sent).toBe(1)
  })

  test('a process that dies leaves an end that nobody knows', async () => {
    const effects = createEffects()
    void effects.request({}, createPending().effect)
    await settle()

    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    effects.clock.advance(LEASE_MS)
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    expect(effects.sent).toBe(1)
  })

  test('something unforeseen leaves an end that nobody knows, and at once', async () => {
    const effects = createEffects()
    await expect(effects.request({}, failWith(new Error('a bug')))).rejects.toThrow('a bug')

    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    expect(effects.sent).toBe(1)
  })
})

describe('a refusal', () => {
  test.each<[ProblemCode, object]>([
    ['USER_REFUSED', { upstream: { errcode: 43101, rid: '1-2-3' } }],
    ['TEMPLATE_DATA_INVALID', { field: 'data.thing1', upstream: { errcode: 47003 } }],
    ['PAGE_INVALID', { field: 'page' }],
    ['INVALID_ARGUMENT', { field: 'touser', reason: 'unknown' }],
    ['QUOTA_EXCEEDED', {}],
    ['UPSTREAM_REJECTED', { upstream: { errcode: 43107 } }],
  ])('that is definite (%s) is told again as it was, and nothing is sent again', async (code, options) => {
    const effects = createEffects()
    await expect(effects.request({}, failWith(new Problem(code, options)))).rejects.toMatchObject({ code })

    await expect(effects.request({ requestId: 'request-2' })).rejects.toMatchObject({ code, options })

    expect(effects.sent).toBe(1)
  })

  test('of the access token says nothing about the request, so a repeat has its effect', async () => {
    const effects = createEffects()
    const refused = new Problem('UPSTREAM_REJECTED', { upstream: { errcode: 40001 } })
    await expect(effects.request({}, failWith(refused))).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' })

    expect(await effects.request()).toEqual({ answer: { msgid: '2' }, repeated: false })
  })

  test.each<ProblemCode>([
    'RATE_LIMITED',
    'UPSTREAM_UNAVAILABLE',
    'UPSTREAM_TIMEOUT',
    'UPSTREAM_BAD_RESPONSE',
    'STATE_UNAVAILABLE',
    'CONFIG_ERROR',
  ])('that passes or can be mended (%s) is forgotten, and a repeat has its effect', async (code) => {
    const effects = createEffects()
    await expect(effects.request({}, failWith(new Problem(code)))).rejects.toMatchObject({ code })

    expect(await effects.request()).toEqual({ answer: { msgid: '2' }, repeated: false })
  })

  test('that is forgotten frees the key for another payload', async () => {
    const effects = createEffects()
    await expect(effects.request({}, failWith(new Problem('RATE_LIMITED')))).rejects.toThrow()

    expect(await effects.request({ payload: { to: 'bob' } })).toMatchObject({ repeated: false })
  })
})

describe('an end that nobody knows', () => {
  test('is told again, and nothing is ever sent again under this key', async () => {
    const effects = createEffects()
    const lost = failWith(new Problem('OUTCOME_UNKNOWN'))
    await expect(effects.request({}, lost)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    for (const afterMs of [0, LEASE_MS, DAY_MS / 2]) {
      effects.clock.advance(afterMs)
      await expect(effects.request({ requestId: 'later' })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    }

    expect(effects.sent).toBe(1)
  })
})

describe('a repeat that finds a beginning beyond its lease', () => {
  test('writes down that nobody knows the end before it tells so', async () => {
    const effects = createEffects()
    void effects.request({}, createPending().effect)
    await settle()
    effects.clock.advance(LEASE_MS)
    const { compareAndSet } = effects.store
    const failing = failWith(new Problem('STATE_UNAVAILABLE'))

    effects.store.compareAndSet = failing
    await expect(effects.request()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    effects.store.compareAndSet = compareAndSet
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    effects.store.compareAndSet = failing
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  })

  test.each<[string, (zombie: ReturnType<typeof createPending>) => void]>([
    ['answers', (zombie) => zombie.finish({ msgid: 'late' })],
    ['is refused', (zombie) => zombie.fail(new Problem('USER_REFUSED'))],
    ['fails in passing', (zombie) => zombie.fail(new Problem('RATE_LIMITED'))],
  ])('has told what stays true when the first one thaws and %s', async (_, thaw) => {
    const effects = createEffects()
    const pending = createPending()
    const zombie = effects.request({}, pending.effect).catch(() => undefined)
    await settle()
    effects.clock.advance(LEASE_MS)
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    thaw(pending)
    await zombie

    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(effects.sent).toBe(1)
  })

  test('tells the end when the first one writes it down just then', async () => {
    const effects = createEffects()
    const pending = createPending()
    const first = effects.request({}, pending.effect)
    await settle()
    effects.clock.advance(LEASE_MS)
    const { compareAndSet } = effects.store
    effects.store.compareAndSet = async (...write) => {
      effects.store.compareAndSet = compareAndSet
      pending.finish({ msgid: 'in the nick of time' })
      await first
      return compareAndSet(...write)
    }

    expect(await effects.request()).toEqual({ answer: { msgid: 'in the nick of time' }, repeated: true })
  })

  test('is one of sixty-four, and all of them tell the same', async () => {
    const effects = createEffects()
    void effects.request({}, createPending().effect)
    await settle()
    effects.clock.advance(LEASE_MS)

    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => effects.request()))

    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } })
    expect(effects.sent).toBe(1)
  })
})

describe('a zombie', () => {
  test('that wakes when its record has ended cannot overwrite that of its successor', async () => {
    const effects = createEffects()
    const pending = createPending()
    const zombie = effects.request({}, pending.effect)
    await settle()
    effects.clock.advance(DAY_MS)
    await effects.request({}, async () => ({ msgid: 'of the successor' }))

    pending.finish({ msgid: 'of the zombie' })

    expect(await zombie).toEqual({ answer: { msgid: 'of the zombie' }, repeated: false })
    expect(await effects.request()).toEqual({ answer: { msgid: 'of the successor' }, repeated: true })
  })

  const ENDS: readonly [string, (zombie: ReturnType<typeof createPending>) => void][] = [
    ['finish', (zombie) => zombie.finish({ msgid: 'of the zombie' })],
    ['refuse', (zombie) => zombie.fail(new Problem('PAGE_INVALID'))],
    ['forget', (zombie) => zombie.fail(new Problem('UPSTREAM_TIMEOUT'))],
    ['settle', (zombie) => zombie.fail(new Problem('OUTCOME_UNKNOWN'))],
  ]

  /** A first request that is frozen, and a second one that has taken its record over. */
  async function createSuccession() {
    const effects = createEffects()
    const [first, second] = [createPending(), createPending()]
    const zombie = effects.request({ mayBeRetried: true }, first.effect).catch(() => undefined)
    await settle()
    effects.clock.advance(LEASE_MS)
    const successor = effects.request({ mayBeRetried: true, requestId: 'request-2' }, second.effect)
    await settle()
    const repeat = () => effects.request({ mayBeRetried: true, requestId: 'request-2' })
    return { effects, first, second, zombie, successor, repeat }
  }

  test.each(ENDS)('cannot %s the record of a successor who is at work', async (_, thaw) => {
    const { effects, first, second, zombie, successor, repeat } = await createSuccession()

    thaw(first)
    await zombie

    await expect(repeat()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    second.finish({ msgid: 'of the successor' })
    await successor
    expect(await repeat()).toEqual({ answer: { msgid: 'of the successor' }, repeated: true })
    expect(effects.sent).toBe(2)
  })

  test.each(ENDS)('cannot %s the record of a successor who is done', async (_, thaw) => {
    const { effects, first, second, zombie, successor, repeat } = await createSuccession()
    second.finish({ msgid: 'of the successor' })
    await successor

    thaw(first)
    await zombie

    expect(await repeat()).toEqual({ answer: { msgid: 'of the successor' }, repeated: true })
    expect(effects.sent).toBe(2)
  })

  test('that was frozen between its claim and its effect does not begin it', async () => {
    const effects = createEffects()
    const { putIfAbsent } = effects.store
    effects.store.putIfAbsent = async (...write) => {
      effects.store.putIfAbsent = putIfAbsent
      const isWritten = await putIfAbsent(...write)
      effects.clock.advance(LEASE_MS)
      await effects.request({ mayBeRetried: true, requestId: 'request-2' })
      return isWritten
    }

    const zombie = effects.request({ mayBeRetried: true })

    await expect(zombie).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(effects.sent).toBe(1)
    expect(await effects.request({ mayBeRetried: true })).toMatchObject({ repeated: true })
  })

  test('whose deadline has passed does not begin, and leaves the key to others', async () => {
    const effects = createEffects()
    const spend = async () => {
      effects.clock.advance(LEASE_MS - 1000)
      return { giveBack: async () => undefined }
    }

    await expect(effects.request({ spend })).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })

    expect(effects.sent).toBe(0)
    expect(await effects.request()).toMatchObject({ repeated: false })
  })
})

describe('where another request may try again', () => {
  const RETRIABLE = { mayBeRetried: true }

  test('the same one may not: a platform that repeats an invocation does not send twice', async () => {
    const effects = createEffects()
    const lost = failWith(new Problem('OUTCOME_UNKNOWN'))
    await expect(effects.request(RETRIABLE, lost)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    await expect(effects.request(RETRIABLE)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    expect(effects.sent).toBe(1)
  })

  test.each<ProblemCode>(['OUTCOME_UNKNOWN', 'QUOTA_EXCEEDED', 'PAGE_INVALID'])(
    'another one gets what the first did not: %s',
    async (code) => {
      const effects = createEffects()
      await expect(effects.request(RETRIABLE, failWith(new Problem(code)))).rejects.toMatchObject({ code })

      expect(await effects.request({ ...RETRIABLE, requestId: 'request-2' })).toMatchObject({
        repeated: false,
      })
      expect(await effects.request({ ...RETRIABLE, requestId: 'request-3' })).toMatchObject({
        repeated: true,
      })

      expect(effects.sent).toBe(2)
    },
  )

  test.each<ProblemCode>(['RATE_LIMITED', 'UPSTREAM_UNAVAILABLE'])(
    'one that fails in passing (%s) leaves what is known of the first',
    async (code) => {
      const effects = createEffects()
      const lost = failWith(new Problem('OUTCOME_UNKNOWN'))
      await expect(effects.request(RETRIABLE, lost)).rejects.toThrow()
      const second = { ...RETRIABLE, requestId: 'request-2' }
      await expect(effects.request(second, failWith(new Problem(code)))).rejects.toMatchObject({ code })

      await expect(effects.request(RETRIABLE)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
      expect(effects.sent).toBe(2)
      expect(await effects.request(second)).toMatchObject({ repeated: false })
    },
  )

  test('none starts while the first is under way', async () => {
    const effects = createEffects()
    void effects.request(RETRIABLE, createPending().effect)
    await settle()

    await expect(effects.request({ ...RETRIABLE, requestId: 'request-2' })).rejects.toMatchObject({
      code: 'IN_PROGRESS',
    })
  })

  test('of sixty-four that take over at once one does', async () => {
    const effects = createEffects()
    await expect(effects.request(RETRIABLE, failWith(new Problem('OUTCOME_UNKNOWN')))).rejects.toThrow()
    const pending = createPending()
    const requests = Promise.allSettled(
      Array.from({ length: 64 }, (_, index) =>
        effects.request({ ...RETRIABLE, requestId: `heir-${index}` }, pending.effect),
      ),
    )
    await settle()
    pending.finish({})

    const outcomes = await requests

    expect(effects.sent).toBe(2)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('the store', () => {
  test('that is down before lets nothing out', async () => {
    const effects = createEffects()
    effects.store.isDown = true

    await expect(effects.request()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(effects.sent).toBe(0)
  })

  test('that takes no writes lets nothing out', async () => {
    const effects = createEffects()
    effects.store.refusesWrites = true

    await expect(effects.request()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(effects.sent).toBe(0)
  })

  test('that goes down meanwhile does not turn an answer into a failure, and a repeat hears the truth', async () => {
    const effects = createEffects()

    const first = await effects.request({}, async () => {
      effects.store.isDown = true
      return { msgid: 'sent' }
    })
    effects.store.isDown = false

    expect(first).toEqual({ answer: { msgid: 'sent' }, repeated: false })
    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    effects.clock.advance(LEASE_MS)
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(effects.sent).toBe(1)
  })

  test.each([
    ['is misconfigured meanwhile', new Problem('CONFIG_ERROR')],
    ['breaks meanwhile', new RangeError('a fault of the store itself')],
  ])('that %s does not have a message sent twice', async (_, fault) => {
    const effects = createEffects()
    const { compareAndSet } = effects.store

    const first = await effects.request({}, async () => {
      effects.store.compareAndSet = () => Promise.reject(fault)
      return { msgid: 'sent' }
    })
    effects.store.compareAndSet = compareAndSet

    expect(first).toEqual({ answer: { msgid: 'sent' }, repeated: false })
    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    expect(effects.sent).toBe(1)
  })

  test('whose keys cannot open the record does not begin it anew', async () => {
    const effects = createEffects()
    await effects.request()

    await expect(effects.request({ keys: keyRing('k9') })).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringContaining('STATE_KEYS'),
    })
    expect(effects.sent).toBe(1)
  })

  test('that goes down meanwhile does not hide a refusal', async () => {
    const effects = createEffects()

    const refused = effects.request({}, async () => {
      effects.store.isDown = true
      throw new Problem('USER_REFUSED')
    })

    await expect(refused).rejects.toMatchObject({ code: 'USER_REFUSED' })
  })

  test('is spared an answer that is larger than a record', async () => {
    const effects = createEffects()
    const large = { image: 'x'.repeat(250_000) }

    expect(await effects.request({}, async () => large)).toEqual({ answer: large, repeated: false })

    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(effects.store.dump().length).toBeLessThan(2000)
  })
})
