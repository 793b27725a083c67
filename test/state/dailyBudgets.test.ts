import { describe, expect, test } from 'vitest'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { type DailyBudget, spendToday } from '../../shared/state/dailyBudgets.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

/** At 08:00 UTC, when the tests begin, the day in China has eight hours left. */
const REST_OF_DAY_MS = 8 * 3_600_000

/** Two messages a day, of which one from the template `a`. */
const ALICE: DailyBudget = {
  owner: 'alice',
  limits: [
    { counter: 'sends', limit: 2, variable: 'USER_SENDS_PER_DAY' },
    { counter: 'sends:a', limit: 1, variable: 'USER_TEMPLATE_SENDS_PER_DAY' },
  ],
  countsRefusals: true,
}

const TEMPLATE: DailyBudget = {
  owner: 'template:a',
  limits: [{ counter: 'sends', limit: 3, variable: 'TEMPLATE_SENDS_PER_DAY' }],
  countsRefusals: false,
}

const one = (limit: number, owner = 'alice'): DailyBudget => ({
  owner,
  limits: [{ counter: 'codes', limit, variable: 'USER_CODES_PER_DAY' }],
  countsRefusals: true,
})

function createBudgets() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  /** As a process of its own spends. */
  const open = (key = 'k1') => {
    const records = createRecords({ store, appId: 'wx1', keys: keyRing(key), clock, random: promptRandom })
    return (...budgets: DailyBudget[]) => spendToday({ records, clock }, budgets)
  }
  return { clock, store, open, spend: open() }
}

describe('a budget', () => {
  test('is there for as many as it says, and then until the day in China ends', async () => {
    const { clock, spend } = createBudgets()
    await spend(one(2))
    await spend(one(2))
    clock.advance(1000)

    await expect(spend(one(2))).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      options: { reason: 'USER_CODES_PER_DAY is used up for today', retryAfterMs: REST_OF_DAY_MS - 1000 },
    })

    clock.advance(REST_OF_DAY_MS - 1001)
    await expect(spend(one(2))).rejects.toMatchObject({ options: { retryAfterMs: 1 } })
    clock.advance(1)
    await spend(one(2))
  })

  test('belongs to its owner', async () => {
    const { spend } = createBudgets()
    await spend(one(1))

    await spend(one(1, 'bob'))

    await expect(spend(one(1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })

  test('with several limits names the one that is used up', async () => {
    const { spend } = createBudgets()
    await spend(ALICE)

    await expect(spend(ALICE)).rejects.toMatchObject({
      options: { reason: 'USER_TEMPLATE_SENDS_PER_DAY is used up for today' },
    })
  })

  test('counts each thing by itself', async () => {
    const { spend } = createBudgets()
    const [all, ofA] = ALICE.limits
    if (!all || !ofA) throw new Error('two limits are needed')
    await spend(ALICE)
    await spend({ ...ALICE, limits: [all, { ...ofA, counter: 'sends:b' }] })

    await expect(spend({ ...ALICE, limits: [all, { ...ofA, counter: 'sends:c' }] })).rejects.toMatchObject({
      options: { reason: 'USER_SENDS_PER_DAY is used up for today' },
    })
  })

  test('that is refused counts nothing', async () => {
    const { spend, store } = createBudgets()
    await spend(ALICE)
    const written = store.dump()

    await expect(spend(ALICE)).rejects.toThrow()

    expect(store.dump()).toBe(written)
  })

  test('takes one read and one write, whatever the number of its limits', async () => {
    const { spend, store } = createBudgets()

    await spend(ALICE)

    expect(store.operations).toEqual(['get', 'putIfAbsent'])
  })

  test('keeps nothing that is readable, and nothing beyond the day', async () => {
    const { clock, spend, store } = createBudgets()
    await spend(ALICE)

    expect(store.dump()).toMatch(/^wx1:budget:2026-01-15:alice /)
    expect(store.dump()).not.toContain('sends')
    clock.advance(REST_OF_DAY_MS)
    expect(await store.get('wx1:budget:2026-01-15:alice')).toBeUndefined()
  })

  test('whose key was retired begins anew', async () => {
    const { spend, open } = createBudgets()
    await spend(one(1))

    await open('k9')(one(1))
  })

  test('while the store is down is STATE_UNAVAILABLE', async () => {
    const { spend, store } = createBudgets()
    store.isDown = true

    await expect(spend(one(1))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  })

  test('of which one is left goes to one of sixty-four processes at once, in each of a thousand rounds', async () => {
    const { open } = createBudgets()
    const processes = Array.from({ length: 64 }, () => open())

    for (let round = 0; round < 1000; round++) {
      const budget = one(1, `owner-${round}`)
      const outcomes = await Promise.allSettled(processes.map((spend) => spend(budget)))

      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
        expect(outcome).toMatchObject({ reason: { code: 'QUOTA_EXCEEDED' } })
      }
    }
  }, 120_000)
})

describe('several budgets', () => {
  test('are spent together', async () => {
    const { spend } = createBudgets()
    await spend(one(1), TEMPLATE)

    await expect(spend(one(1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })

  test('are spent all or none', async () => {
    const { spend } = createBudgets()
    for (const owner of ['bob', 'carol', 'dave']) await spend(one(1, owner), TEMPLATE)

    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(spend(one(1), TEMPLATE)).rejects.toMatchObject({
        options: { reason: 'TEMPLATE_SENDS_PER_DAY is used up for today' },
      })
    }
    await spend(one(1))
  })

  test('of which one is out of reach are not spent', async () => {
    const { spend, store } = createBudgets()
    const { get } = store
    store.get = async (key) => {
      if (key.includes('template')) throw new Problem('STATE_UNAVAILABLE')
      return get(key)
    }

    await expect(spend(one(1), TEMPLATE)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    await spend(one(1))
  })
})

describe('what was spent', () => {
  const refusal = new Problem('USER_REFUSED', { upstream: { errcode: 43101 } })

  test.each<ProblemCode>(['RATE_LIMITED', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT', 'CONFIG_ERROR'])(
    'is given back for what failed in passing: %s',
    async (code) => {
      const { spend } = createBudgets()
      const spending = await spend(one(1))

      await spending.giveBack(new Problem(code))

      await spend(one(1))
    },
  )

  test('is given back for a refusal where refusals do not count, and kept where they do', async () => {
    const { spend } = createBudgets()
    const template = { ...one(1, 'template:a'), countsRefusals: false }
    const spending = await spend(one(1), template)

    await spending.giveBack(refusal)

    await spend(template)
    await expect(spend(one(1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })

  test('yesterday is not given back today', async () => {
    const { clock, spend } = createBudgets()
    const spending = await spend(one(1))
    clock.advance(REST_OF_DAY_MS)
    await spend(one(1))

    await spending.giveBack(new Problem('RATE_LIMITED'))

    await expect(spend(one(1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })

  test('stays spent when the store is down by then', async () => {
    const { spend, store } = createBudgets()
    const spending = await spend(one(1))
    store.isDown = true

    await spending.giveBack(new Problem('RATE_LIMITED'))

    store.isDown = false
    await expect(spend(one(1))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })
})
