import { describe, expect, test } from 'vitest'
import type { Verdict } from '../../shared/core/verdict.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import {
  keepPushedVerdict,
  type MediaJob,
  readJob,
  recordJob,
  settleJob,
} from '../../shared/state/mediaJobs.ts'
import { createRecords, type Records } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const TRACE_ID = '60f96f1d-3845297a-1976a3ae'
const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const JOB: MediaJob = {
  openid: 'o-alice',
  type: 'image',
  scene: 1,
  contentHash: '0'.repeat(64),
  isOfBytes: false,
  submittedAtMs: NOW_MS,
}
const PASS: Verdict = { suggest: 'pass', label: 100, labelName: '正常' }
const RISKY: Verdict = { suggest: 'risky', label: 20002, labelName: '色情' }
const PENDING: Verdict = { suggest: 'pending' }
const REVIEW: Verdict = { suggest: 'review' }

function createJobs() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  const open = (over: StateStore = store, appId = 'wx1') =>
    createRecords({ store: over, appId, keys: keyRing('k1'), clock, random: promptRandom })
  const records = open()
  return {
    clock,
    store,
    open,
    record: () => recordJob(records, TRACE_ID, JOB),
    push: (verdict: Verdict, traceId = TRACE_ID) =>
      keepPushedVerdict({ records, clock }, { pushId: 'push-1', traceId, verdict }),
    /** As a process of its own asks; `undefined` when there is no job. */
    async ask() {
      const mine = open()
      const slot = await readJob(mine, TRACE_ID)
      return slot.value && settleJob({ records: mine, clock }, TRACE_ID, slot)
    },
  }
}

describe('a job', () => {
  test('is pending until its verdict is pushed', async () => {
    const { record, push, ask } = createJobs()
    await record()

    expect(await ask()).toEqual(PENDING)
    await push(RISKY)
    expect(await ask()).toEqual(RISKY)
  })

  test('has the verdict that was pushed before it was known', async () => {
    const { record, push, ask } = createJobs()
    await push(PASS)

    expect(await ask()).toBeUndefined()
    await record()
    expect(await ask()).toEqual(PASS)
  })

  test('keeps its first verdict, whatever is pushed later', async () => {
    const { record, push, ask } = createJobs()
    await record()
    await push(RISKY)
    await push(PASS)
    await push(RISKY)

    expect(await ask()).toEqual(RISKY)
  })

  test('is not touched by the verdict on another', async () => {
    const { record, push, ask } = createJobs()
    await record()
    await push(PASS, TRACE_ID.toUpperCase())

    expect(await ask()).toEqual(PENDING)
  })

  test("is another mini program's own", async () => {
    const { record, open, store } = createJobs()
    await record()

    expect((await readJob(open(store, 'wx2'), TRACE_ID)).value).toBeUndefined()
  })

  test.each([
    ['has an odd trace id', '../:$where\u2028'],
    ['has a trace id of a thousand characters', 'x'.repeat(1000)],
  ])('%s, and finds its verdict', async (_, traceId) => {
    const { open, clock } = createJobs()
    const records = open()
    await recordJob(records, traceId, JOB)
    await keepPushedVerdict({ records, clock }, { pushId: 'push-1', traceId, verdict: PASS })

    const slot = await readJob(records, traceId)
    expect(await settleJob({ records, clock }, traceId, slot)).toEqual(PASS)
  })
})

describe('when no verdict is pushed', () => {
  test('a job is pending for half an hour, and then to be reviewed', async () => {
    const { clock, record, ask } = createJobs()
    await record()

    clock.advance(30 * MINUTE_MS - 1)
    expect(await ask()).toEqual(PENDING)
    clock.advance(1)
    expect(await ask()).toEqual(REVIEW)
  })

  test('what was told then stays told, whatever is pushed later', async () => {
    const { clock, record, push, ask } = createJobs()
    await record()
    clock.advance(30 * MINUTE_MS)
    expect(await ask()).toEqual(REVIEW)

    await push(PASS)

    expect(await ask()).toEqual(REVIEW)
  })

  test('a push that is late is still good where nobody had asked', async () => {
    const { clock, record, push, ask } = createJobs()
    await record()
    clock.advance(DAY_MS)
    await push(PASS)

    expect(await ask()).toEqual(PASS)
  })

  test('a clock that went back makes nothing overdue', async () => {
    const { clock, record, ask } = createJobs()
    await record()
    clock.advance(-DAY_MS)

    expect(await ask()).toEqual(PENDING)
  })

  test('two who settle at once tell what the first of them wrote', async () => {
    const { clock, store, open, record, push, ask } = createJobs()
    await record()
    clock.advance(30 * MINUTE_MS)
    await push(PASS)
    const settleBy = async (records: Records) =>
      settleJob({ records, clock }, TRACE_ID, await readJob(records, TRACE_ID))
    const askedBeforeThePush = open({
      ...store,
      get: async (key) => (key.includes(':mediaVerdict:') ? undefined : store.get(key)),
    })
    let first: Verdict | undefined
    const overtaken = open({
      ...store,
      async compareAndSet(key, version, body) {
        first ??= await settleBy(askedBeforeThePush)
        return store.compareAndSet(key, version, body)
      },
    })

    expect([await settleBy(overtaken), first, await ask()]).toEqual([REVIEW, REVIEW, REVIEW])
  })
})

describe('a week', () => {
  test.each([
    ['settled', true],
    ['never asked for', false],
  ])('is how long a job is kept: %s', async (_, isSettled) => {
    const { clock, record, push, ask } = createJobs()
    await record()
    await push(PASS)
    if (isSettled) await ask()

    clock.advance(7 * DAY_MS - 1)
    expect(await ask()).toEqual(PASS)
    clock.advance(1)
    expect(await ask()).toBeUndefined()
  })

  test('is how long a verdict waits for its job', async () => {
    const { clock, push, open } = createJobs()
    await push(PASS)
    clock.advance(7 * DAY_MS - 1)
    const records = open()
    await recordJob(records, TRACE_ID, { ...JOB, submittedAtMs: clock.nowMs() })

    expect(await settleJob({ records, clock }, TRACE_ID, await readJob(records, TRACE_ID))).toEqual(PASS)
  })
})

describe('the store is asked', () => {
  test('once for a push, also for a repeated one', async () => {
    const { push, store } = createJobs()
    await push(PASS)
    await push(PASS)

    expect(store.operations).toEqual(['putIfAbsent', 'putIfAbsent'])
  })

  test.each<[string, Verdict | undefined, readonly string[]]>([
    ['twice by whoever finds the job pending', undefined, ['get', 'get']],
    ['three times by whoever settles it', PASS, ['get', 'get', 'compareAndSet']],
  ])('%s', async (_, verdict, operations) => {
    const { record, push, ask, store } = createJobs()
    await record()
    if (verdict) await push(verdict)
    const before = store.operations.length

    await ask()

    expect(store.operations.slice(before)).toEqual(operations)
  })

  test('once for what was told before', async () => {
    const { record, push, ask, store } = createJobs()
    await record()
    await push(PASS)
    await ask()
    const before = store.operations.length

    expect(await ask()).toEqual(PASS)

    expect(store.operations.slice(before)).toEqual(['get'])
  })
})

test('nothing is told that could not be written down', async () => {
  const { record, push, ask, store, clock } = createJobs()
  await record()
  await push(PASS)
  store.refusesWrites = true
  await expect(ask()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  clock.advance(30 * MINUTE_MS)
  await expect(ask()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  store.refusesWrites = false

  expect(await ask()).toEqual(PASS)
})

test('nothing readable is at rest', async () => {
  const { record, push, ask, store } = createJobs()
  await record()
  await push(RISKY)
  await ask()

  expect(store.dump()).not.toMatch(/o-alice|60f96f1d|risky|20002/)
})
