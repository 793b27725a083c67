import { describe, expect, test } from 'vitest'
import type { Verdict } from '../../shared/core/verdict.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { findVerdict, type JudgedContent, keepVerdict } from '../../shared/state/contentVerdicts.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const DAY_MS = 86_400_000
const CONTENT: JudgedContent = { type: 'image', scene: 1, contentHash: 'a'.repeat(64) }
const PASS: Verdict = { suggest: 'pass', label: 100, labelName: '正常' }
const RISKY: Verdict = { suggest: 'risky', label: 20002, labelName: '色情' }

function createCache() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  const records = createRecords({ store, appId: 'wx1', keys: keyRing('k1'), clock, random: promptRandom })
  return {
    clock,
    store,
    keep: (verdict: Verdict, content = CONTENT, judgedAtMs = clock.nowMs()) =>
      keepVerdict({ records, clock }, content, verdict, judgedAtMs),
    find: (content = CONTENT) => findVerdict({ records, clock }, content),
  }
}

test.each([PASS, RISKY, { suggest: 'risky' } as const])(
  'a verdict is kept for 24 hours: %j',
  async (verdict) => {
    const { clock, keep, find } = createCache()
    expect(await find()).toBeUndefined()

    await keep(verdict)

    clock.advance(DAY_MS - 1)
    expect(await find()).toEqual(verdict)
    clock.advance(1)
    expect(await find()).toBeUndefined()
  },
)

test('the 24 hours begin when WeChat was asked, not when the answer is told', async () => {
  const { clock, keep, find, store } = createCache()
  const askedAtMs = clock.nowMs()
  clock.advance(DAY_MS - 1)
  await keep(PASS, CONTENT, askedAtMs)
  expect(await find()).toEqual(PASS)

  clock.advance(1)
  expect(await find()).toBeUndefined()
  await keep(PASS, CONTENT, askedAtMs)
  expect(store.operations.filter((operation) => operation !== 'get')).toHaveLength(1)
})

test.each(['review', 'pending'] as const)('%s is not kept: WeChat may yet say otherwise', async (suggest) => {
  const { keep, find, store } = createCache()

  await keep({ suggest })

  expect(await find()).toBeUndefined()
  expect(store.operations).toEqual(['get'])
})

test('the first verdict stands until it is over', async () => {
  const { clock, keep, find } = createCache()
  await keep(RISKY)
  await keep(PASS)
  expect(await find()).toEqual(RISKY)

  clock.advance(DAY_MS)
  await keep(PASS)
  expect(await find()).toEqual(PASS)
})

test.each<[string, Partial<JudgedContent>]>([
  ['other bytes', { contentHash: 'b'.repeat(64) }],
  ['another scene', { scene: 2 }],
  ['another type', { type: 'audio' }],
  ['what WeChat fetched itself', { openid: 'o-alice' }],
])('a verdict does not hold for %s', async (_, difference) => {
  const { keep, find } = createCache()
  await keep(PASS)

  expect(await find({ ...CONTENT, ...difference })).toBeUndefined()
})

test("a verdict on what WeChat fetched itself does not hold for another user's", async () => {
  const { keep, find } = createCache()
  await keep(PASS, { ...CONTENT, openid: 'o-eve' })

  expect(await find({ ...CONTENT, openid: 'o-alice' })).toBeUndefined()
  expect(await find()).toBeUndefined()
})

describe('without a store there is no verdict, and no failure', () => {
  test('when it is down', async () => {
    const { keep, find, store } = createCache()
    await keep(PASS)
    store.isDown = true

    expect(await find()).toBeUndefined()
    await expect(keep(PASS)).resolves.toBeUndefined()
  })

  test('when it does not answer', async () => {
    const { store, clock } = createCache()
    const hanging = { ...store, get: () => new Promise<never>(() => undefined) }
    const records = createRecords({
      store: hanging,
      appId: 'wx1',
      keys: keyRing('k1'),
      clock,
      random: promptRandom,
    })

    expect(await findVerdict({ records, clock }, CONTENT)).toBeUndefined()
  })
})
