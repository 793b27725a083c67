import { describe, expect, test } from 'vitest'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'
import { createEffects, createPending, failWith, LEASE_MS, settle } from './requesting.ts'

/** A purse that remembers what was taken and why it was given back. */
function createPurse() {
  let taken = 0
  const givenBack: ProblemCode[] = []
  return {
    givenBack,
    get taken() {
      return taken
    },
    spend: async () => {
      taken++
      return {
        giveBack: async ({ code }: Problem) => {
          givenBack.push(code)
        },
      }
    },
  }
}

describe('the price of an effect', () => {
  test('is paid after the claim and before the effect', async () => {
    const effects = createEffects()
    const purse = createPurse()
    const pending = createPending()
    void effects.request({ spend: () => pending.effect().then(purse.spend) })
    await settle()

    await expect(effects.request()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    expect(effects.sent).toBe(0)
    pending.finish(undefined)
    await settle()

    expect([purse.taken, effects.sent]).toEqual([1, 1])
  })

  test.each<[string, Problem | undefined]>([
    ['an answer', undefined],
    ['a refusal', new Problem('USER_REFUSED')],
    ['an end that nobody knows', new Problem('OUTCOME_UNKNOWN')],
  ])('is not asked of a repeat that is told %s', async (_, problem) => {
    const effects = createEffects()
    const { spend, ...purse } = createPurse()
    await effects.request({}, problem && failWith(problem)).catch(() => undefined)

    await effects.request({ spend }).catch(() => undefined)
    await effects.request({ spend, payload: 'another' }).catch(() => undefined)

    expect(purse.taken).toBe(0)
  })

  test.each<ProblemCode>(['USER_REFUSED', 'RATE_LIMITED', 'CONFIG_ERROR', 'UPSTREAM_TIMEOUT'])(
    'is offered back when the effect certainly did not happen: %s',
    async (code) => {
      const effects = createEffects()
      const { spend, givenBack } = createPurse()

      await expect(effects.request({ spend }, failWith(new Problem(code)))).rejects.toMatchObject({ code })

      expect(givenBack).toEqual([code])
    },
  )

  test('is offered back by a zombie that did not begin', async () => {
    const effects = createEffects()
    const { spend, givenBack } = createPurse()
    const frozen = async () => {
      effects.clock.advance(LEASE_MS)
      return spend()
    }

    await expect(effects.request({ spend: frozen })).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })

    expect(givenBack).toEqual(['UPSTREAM_TIMEOUT'])
    expect(effects.sent).toBe(0)
  })

  test.each<[string, (() => Promise<never>) | undefined]>([
    ['the effect happened', undefined],
    ['nobody knows', failWith(new Problem('OUTCOME_UNKNOWN'))],
    ['the process dies', failWith(new Error('killed'))],
  ])('is kept when %s', async (_, effect) => {
    const effects = createEffects()
    const { spend, givenBack } = createPurse()

    await effects.request({ spend }, effect).catch(() => undefined)

    expect(givenBack).toEqual([])
  })

  test.each<ProblemCode>(['QUOTA_EXCEEDED', 'STATE_UNAVAILABLE'])(
    'that cannot be paid (%s) lets nothing out, and the key works when it can',
    async (code) => {
      const effects = createEffects()
      const broke = failWith(new Problem(code))

      await expect(effects.request({ spend: broke })).rejects.toMatchObject({ code })
      expect(effects.sent).toBe(0)

      expect(await effects.request()).toMatchObject({ repeated: false })
    },
  )
})
