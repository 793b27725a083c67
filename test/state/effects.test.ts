import { describe, expect, test } from 'vitest'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'
import type { KeyRing } from '../../shared/core/seal.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const DAY_MS = 86_400_000
const TIME_MS = 9500
/** Beyond the deadline, for the answer to be written down. */
const LEASE_MS = TIME_MS + 1000

type Request = {
  readonly id?: string
  readonly payload?: unknown
  readonly requestId?: string
  readonly mayBeRetried?: boolean
  readonly keys?: KeyRing
}

function createEffects() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  let sent = 0

  /** One request by a process of its own, which sends a message unless told otherwise. */
  function request(
    {
      id = 'send',
      payload = { to: 'alice' },
      requestId = 'request-1',
      mayBeRetried = false,
      keys = keyRing('k1'),
    }: Request = {},
    effect: () => Promise<unknown> = async () => ({ msgid: String(sent) }),
  ) {
    const records = createRecords({ store, appId: 'wx1', keys, clock, random: promptRandom })
    return runOnce(
      { records, clock },
      { id, payload, requestId, deadlineAtMs: clock.nowMs() + TIME_MS, keepMs: DAY_MS, mayBeRetried },
      () => {
        sent++
        return effect()
      },
    )
  }
  return {
    clock,
    store,
    request,
    get sent() {
      return sent
    },
  }
}

const failWith = (problem: Problem | Error) => async (): Promise<never> => {
  throw problem
}

/** An effect that waits to be told how it ends. */
function createPending() {
  let finish: (answer: unknown) => void = () => undefined
  let fail: (reason: unknown) => void = () => undefined
  const answer = new Promise<unknown>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  return {
    effect: () => answer,
    finish: (value: unknown) => finish(value),
    fail: (reason: unknown) => fail(reason),
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

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

  test('a process that dies leaves an end that nobody knows', async () => {
    const effects = createEffects()
    await expect(effects.request({}, failWith(new Error('killed')))).rejects.toThrow('killed')

    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    effects.clock.advance(LEASE_MS)
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

  test('that fails cannot take away the record of its successor', async () => {
    const effects = createEffects()
    const pending = createPending()
    const zombie = effects.request({ mayBeRetried: true }, pending.effect)
    await settle()
    effects.clock.advance(LEASE_MS)
    await effects.request({ mayBeRetried: true, requestId: 'request-2' })

    pending.fail(new Problem('UPSTREAM_TIMEOUT'))

    await expect(zombie).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(await effects.request({ mayBeRetried: true })).toMatchObject({ repeated: true })
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
