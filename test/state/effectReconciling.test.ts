import { describe, expect, test } from 'vitest'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'
import type { Reconciled } from '../../shared/state/effects.ts'
import { createEffects, createPending, failWith, LEASE_MS, settle } from './requesting.ts'

type Effects = ReturnType<typeof createEffects>

const ANSWER = { msgid: 'reported' }

/** Tells what has become of the effect, and how often it was asked. */
function createTraces(told: Reconciled<unknown>) {
  let asked = 0
  return {
    get asked() {
      return asked
    },
    reconcile: async () => {
      asked++
      return told
    },
  }
}

/** Ways in which an effect can end so that its record does not tell the end. */
const LOST: readonly [string, (effects: Effects) => Promise<void>][] = [
  [
    'of which no answer came',
    async (effects) => {
      await effects.request({}, failWith(new Problem('OUTCOME_UNKNOWN'))).catch(() => undefined)
    },
  ],
  [
    'whose process died',
    async (effects) => {
      void effects.request({}, createPending().effect)
      await settle()
      effects.clock.advance(LEASE_MS)
    },
  ],
]

describe.each(LOST)('an effect %s', (_, lose) => {
  test('is done once its traces tell the answer, and every repeat gets that', async () => {
    const effects = createEffects()
    await lose(effects)
    const { reconcile } = createTraces({ answer: ANSWER })

    expect(await effects.request({ reconcile })).toEqual({ answer: ANSWER, repeated: true })
    expect(await effects.request({ requestId: 'later' })).toEqual({ answer: ANSWER, repeated: true })

    expect(effects.sent).toBe(1)
  })

  test('stays one that nobody knows the end of while its traces do not tell, and is done when they do', async () => {
    const effects = createEffects()
    await lose(effects)

    for (let repeat = 0; repeat < 2; repeat++) {
      await expect(effects.request(createTraces(undefined))).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
      })
    }
    expect(await effects.request(createTraces({ answer: ANSWER }))).toEqual({
      answer: ANSWER,
      repeated: true,
    })
  })

  test('is told to be done only when that is written down', async () => {
    const effects = createEffects()
    await lose(effects)
    effects.store.refusesWrites = true

    const repeat = effects.request(createTraces({ answer: ANSWER }))

    await expect(repeat).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  })

  test('fails as the look at its traces does, and nothing is sent', async () => {
    const effects = createEffects()
    await lose(effects)
    const reconcile = failWith(new Problem('STATE_UNAVAILABLE'))

    await expect(effects.request({ reconcile })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(effects.sent).toBe(1)
  })

  test('is not looked for with another payload', async () => {
    const effects = createEffects()
    await lose(effects)
    const traces = createTraces({ answer: ANSWER })
    const other = { payload: 'another', reconcile: traces.reconcile }

    await expect(effects.request(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })

    expect(traces.asked).toBe(0)
  })

  test('is told to be done by all of sixty-four that ask at once', async () => {
    const effects = createEffects()
    await lose(effects)
    const { reconcile } = createTraces({ answer: ANSWER })

    const told = await Promise.all(Array.from({ length: 64 }, () => effects.request({ reconcile })))

    for (const answer of told) expect(answer).toEqual({ answer: ANSWER, repeated: true })
    expect(effects.sent).toBe(1)
  })

  test('is not had again where others may try again, once it is known to be done', async () => {
    const effects = createEffects()
    await lose(effects)
    const { reconcile } = createTraces({ answer: ANSWER })

    const other = { mayBeRetried: true, requestId: 'request-2', reconcile }

    expect(await effects.request(other)).toEqual({ answer: ANSWER, repeated: true })
    expect(effects.sent).toBe(1)
  })
})

describe('traces', () => {
  test('are not looked for while the first is at work, nor where the record tells the end', async () => {
    const effects = createEffects()
    const traces = createTraces({ answer: ANSWER })
    const pending = createPending()
    const first = effects.request({ reconcile: traces.reconcile }, pending.effect)
    await settle()
    await expect(effects.request({ reconcile: traces.reconcile })).rejects.toMatchObject({
      code: 'IN_PROGRESS',
    })
    pending.finish({ msgid: 'answered' })
    await first

    expect(await effects.request({ reconcile: traces.reconcile })).toMatchObject({
      answer: { msgid: 'answered' },
    })
    const refused = { id: 'refused', reconcile: traces.reconcile }
    await effects.request(refused, failWith(new Problem('USER_REFUSED'))).catch(() => undefined)
    await expect(effects.request(refused)).rejects.toMatchObject({ code: 'USER_REFUSED' })
    expect(traces.asked).toBe(0)
  })
})

describe('an effect that left no trace', () => {
  const NEVER_BEGUN = createTraces('neverBegun')

  /** A process that dies, or loses the store, before it has spent what the effect costs. */
  async function createClaimed() {
    const effects = createEffects()
    const pending = createPending()
    const spend = () => pending.effect().then(() => ({ giveBack: async () => undefined }))
    const zombie = effects.request({ spend }).catch((thrown: unknown) => thrown)
    await settle()
    return { effects, pending, zombie }
  }

  test('is had by a repeat when its process died before it began', async () => {
    const { effects } = await createClaimed()

    await expect(effects.request(NEVER_BEGUN)).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    effects.clock.advance(LEASE_MS)
    expect(await effects.request(NEVER_BEGUN)).toMatchObject({ repeated: false })
    expect(await effects.request(NEVER_BEGUN)).toMatchObject({ repeated: true })

    expect(effects.sent).toBe(1)
  })

  test('is had by a repeat when the store failed before it began', async () => {
    const effects = createEffects()
    const spend = async () => {
      effects.store.isDown = true
      throw new Problem('STATE_UNAVAILABLE')
    }
    await expect(effects.request({ spend })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    effects.store.isDown = false
    effects.clock.advance(LEASE_MS)

    expect(await effects.request(NEVER_BEGUN)).toMatchObject({ repeated: false })
  })

  test('is had by one of sixty-four', async () => {
    const { effects } = await createClaimed()
    effects.clock.advance(LEASE_MS)

    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => effects.request(NEVER_BEGUN)))

    expect(effects.sent).toBe(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'IN_PROGRESS' })
  })

  test('is not had by the process that was only frozen', async () => {
    const { effects, pending, zombie } = await createClaimed()
    effects.clock.advance(LEASE_MS)
    await effects.request(NEVER_BEGUN)

    pending.finish(undefined)

    expect(await zombie).toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(effects.sent).toBe(1)
    expect(await effects.request()).toMatchObject({ repeated: true })
  })

  test('stays unknown once that was told', async () => {
    const { effects } = await createClaimed()
    effects.clock.advance(LEASE_MS)
    await expect(effects.request()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    await expect(effects.request(NEVER_BEGUN)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

    expect(effects.sent).toBe(0)
  })

  test.each<ProblemCode>(['RATE_LIMITED', 'STATE_UNAVAILABLE'])(
    'may be tried again when the repeat fails as well: %s',
    async (code) => {
      const { effects } = await createClaimed()
      effects.clock.advance(LEASE_MS)
      const spend = failWith(new Problem(code))
      await expect(effects.request({ ...NEVER_BEGUN, spend })).rejects.toMatchObject({ code })

      expect(await effects.request(NEVER_BEGUN)).toMatchObject({ repeated: false })
    },
  )
})
