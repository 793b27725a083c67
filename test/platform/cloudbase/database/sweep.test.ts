import { expect, onTestFinished, test } from 'vitest'
import { createCloudBaseStore } from '../../../../shared/platform/cloudbase/database/store.ts'
import { startFakeCloudBase } from '../../../support/fakeCloudBase.ts'
import { createFakeDatabase } from '../../../support/fakeCloudBaseDatabase.ts'
import { promptRandom } from '../../../support/promptRandom.ts'
import { recordOf } from '../../../support/stateStoreFaults.ts'
import { createTestClock, NOW_MS } from '../../../support/testClock.ts'

const COLLECTION = 'weapp_functions'
const HOUR_MS = 3_600_000

async function createCollection() {
  const database = createFakeDatabase(COLLECTION)
  const cloudBase = await startFakeCloudBase({ database })
  onTestFinished(cloudBase.close)
  Object.assign(process.env, cloudBase.environment)
  const clock = createTestClock()
  const store = createCloudBaseStore({ collection: COLLECTION, clock, random: promptRandom })
  return {
    clock,
    database,
    store,
    sweep: async (limit = 100) => store.sweep?.(clock.nowMs() - HOUR_MS, limit),
    keys: () => database.documents(COLLECTION).map(({ _id }) => _id),
  }
}

test('what ended an hour ago is removed, and nothing that lives or has just ended', async () => {
  const { clock, store, sweep, keys } = await createCollection()
  await store.putIfAbsent('forever', recordOf('v1'))
  await store.putIfAbsent('alive', recordOf('v1', { expiresAtMs: NOW_MS + 2 * HOUR_MS }))
  await store.putIfAbsent('just ended', recordOf('v1', { expiresAtMs: NOW_MS + 1 }))
  await store.putIfAbsent('ended', recordOf('v1', { expiresAtMs: NOW_MS }))
  clock.advance(HOUR_MS)

  expect(await sweep()).toBe(1)

  expect(keys()).toEqual(['forever', 'alive', 'just ended'])
})

test('the mark of a deletion stays for an hour, because a write to its key may still be under way', async () => {
  const { clock, store, sweep, keys } = await createCollection()
  await store.putIfAbsent('deleted', recordOf('v1'))
  await store.deleteIf('deleted', 'v1')

  clock.advance(HOUR_MS - 1)
  expect(await sweep()).toBe(0)
  expect(keys()).toEqual(['deleted'])

  clock.advance(1)
  expect(await sweep()).toBe(1)
  expect(keys()).toEqual([])
})

test('no more is removed at a time than was asked for', async () => {
  const { clock, store, sweep, keys } = await createCollection()
  for (let index = 0; index < 5; index++)
    await store.putIfAbsent(`key ${index}`, recordOf('v1', { expiresAtMs: NOW_MS + 1 }))
  clock.advance(2 * HOUR_MS)

  expect([await sweep(2), await sweep(2), await sweep(2), await sweep(2)]).toEqual([2, 2, 1, 0])

  expect(keys()).toEqual([])
})

test('a sweep costs one request where there is nothing to remove, otherwise two', async () => {
  const { clock, store, sweep, database } = await createCollection()
  await store.putIfAbsent('ended', recordOf('v1', { expiresAtMs: NOW_MS + 1 }))
  clock.advance(2 * HOUR_MS)
  const before = database.operations.length

  await sweep()
  await sweep()

  expect(database.operations.slice(before)).toEqual([
    'database.getDocument',
    'database.removeDocument',
    'database.getDocument',
  ])
})

test('a key that was taken anew while the sweep was under way keeps its record', async () => {
  const { clock, store, sweep, database } = await createCollection()
  await store.putIfAbsent('ended', recordOf('v1', { expiresAtMs: NOW_MS + 1 }))
  await store.putIfAbsent('taken', recordOf('v1', { expiresAtMs: NOW_MS + 1 }))
  clock.advance(2 * HOUR_MS)
  // The removal arrives when the sweep has been given up.
  database.faults.push(undefined, 'late', 'resetBefore', 'resetBefore')
  await expect(sweep()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  expect(await store.putIfAbsent('taken', recordOf('v2'))).toBe(true)

  database.deliverLate()

  expect(await store.get('taken')).toEqual(recordOf('v2'))
  expect(database.documents(COLLECTION)).toHaveLength(1)
})

test('a sweep is repeated when it was throttled', async () => {
  const { clock, store, sweep, database } = await createCollection()
  await store.putIfAbsent('ended', recordOf('v1', { expiresAtMs: NOW_MS + 1 }))
  clock.advance(2 * HOUR_MS)
  database.faults.push({ code: 'EXCEED_RATELIMIT' }, { status: 503 })

  expect(await sweep()).toBe(1)
})
