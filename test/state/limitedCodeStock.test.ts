import { describe, expect, test } from 'vitest'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { spendLimitedCode } from '../../shared/state/limitedCodeStock.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const YEAR_MS = 365 * 86_400_000
const USED_UP = { code: 'QUOTA_EXCEEDED', options: { reason: 'LIMITED_CODE_STOCK is used up' } }

function createStock() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  /** As a process of its own takes codes. */
  const open = ({ appId = 'wx1', key = 'k1' } = {}) => {
    const records = createRecords({ store, appId, keys: keyRing(key), clock, random: promptRandom })
    return (stock: number) => spendLimitedCode(records, stock)
  }
  return { clock, store, open, take: open() }
}

describe('the stock of limited codes', () => {
  test('is there for as many as it says, and then for good', async () => {
    const { clock, take } = createStock()

    expect([(await take(2)).left, (await take(2)).left]).toEqual([1, 0])
    await expect(take(2)).rejects.toMatchObject(USED_UP)

    clock.advance(10 * YEAR_MS)
    await expect(take(2)).rejects.toMatchObject(USED_UP)
  })

  test('may be none', async () => {
    const { take } = createStock()

    await expect(take(0)).rejects.toMatchObject(USED_UP)
  })

  test('that is lowered below what was made is used up, and goes on when it is raised', async () => {
    const { take } = createStock()
    await take(3)
    await take(3)

    await expect(take(1)).rejects.toMatchObject(USED_UP)
    expect((await take(3)).left).toBe(0)
  })

  test('is each mini program its own', async () => {
    const { take, open } = createStock()
    await take(1)

    expect((await open({ appId: 'wx2' })(1)).left).toBe(0)
  })

  test('takes one read and one write', async () => {
    const { take, store } = createStock()

    await take(1)

    expect(store.operations).toEqual(['get', 'putIfAbsent'])
  })

  test('is not begun anew when its key was retired', async () => {
    const { take, open } = createStock()
    await take(2)

    await expect(open({ key: 'k9' })(2)).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringContaining('STATE_KEYS'),
    })
  })

  test('has its last code for one of sixty-four processes at once, in each of a thousand rounds', async () => {
    const { open } = createStock()
    const processes = Array.from({ length: 64 }, () => open())

    for (let round = 0; round < 1000; round++) {
      const outcomes = await Promise.allSettled(processes.map((take) => take(round + 1)))

      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
        expect(outcome).toMatchObject({ reason: USED_UP })
      }
    }
  }, 120_000)
})

describe('a code that was taken', () => {
  test.each<[ProblemCode, number | undefined]>([
    ['PAGE_INVALID', 40159],
    ['RATE_LIMITED', 45009],
    ['UPSTREAM_UNAVAILABLE', undefined],
    ['UPSTREAM_TIMEOUT', undefined],
    ['CONFIG_ERROR', undefined],
  ])('is given back when it was certainly not made: %s', async (code, errcode) => {
    const { take } = createStock()
    const taken = await take(1)

    await taken.giveBack(new Problem(code, errcode === undefined ? {} : { upstream: { errcode } }))

    expect((await take(1)).left).toBe(0)
  })

  test('stays taken when the store is down by then', async () => {
    const { take, store } = createStock()
    const taken = await take(1)
    store.isDown = true

    await taken.giveBack(new Problem('PAGE_INVALID'))

    store.isDown = false
    await expect(take(1)).rejects.toMatchObject(USED_UP)
  })
})

describe('when WeChat says that its stock is used up', () => {
  const usedUp = new Problem('QUOTA_EXCEEDED', { upstream: { errcode: 45029 } })

  test('so is ours, until the operator raises it', async () => {
    const { take } = createStock()
    const taken = await take(100)

    await taken.giveBack(usedUp)

    await expect(take(100)).rejects.toMatchObject(USED_UP)
    expect((await take(101)).left).toBe(0)
  })

  test('a stock that was lowered meanwhile does not hide what was made', async () => {
    const { take } = createStock()
    await take(100)
    await take(100)
    const taken = await take(3)

    await taken.giveBack(usedUp)

    await expect(take(3)).rejects.toMatchObject(USED_UP)
    expect((await take(4)).left).toBe(0)
  })
})
