import { expect, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { createCallRecords } from '../../shared/state/callRecords.ts'
import { createRecords, type Records } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const never = () => new Promise<never>(() => undefined)

/** What each operation is called with, on a slot that does not matter. */
const OPERATIONS: Readonly<Record<string, (records: Records) => Promise<unknown>>> = {
  read: (records) => records.read('effect', 'one'),
  write: (records) => records.write(records.empty('effect', 'one'), { value: 1 }),
  remove: (records) => records.remove({ key: 'wx1:effect:one', version: 'v1' }),
  update: (records) => records.update('effect', 'one', () => ({ value: { value: 1 } })),
  sweep: (records) => records.sweep(),
}

function createStore() {
  const clock = createRunningClock()
  const store = createTestStore(createMemoryStore(clock))
  const records = createRecords({ store, appId: 'wx1', keys: keyRing('k1'), clock, random: promptRandom })
  return { clock, store, records }
}

for (const [name, operate] of Object.entries(OPERATIONS)) {
  test(`a ${name} that the store does not answer ends with the call's time`, async () => {
    const { clock, store, records } = createStore()
    Object.assign(store, {
      get: never,
      putIfAbsent: never,
      compareAndSet: never,
      deleteIf: never,
      sweep: never,
    })

    const done = operate(createCallRecords(() => records, clock, clock.nowMs() + 40))

    await expect(done).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  })

  test(`a ${name} after the call's time does not reach the store`, async () => {
    const { clock, store, records } = createStore()

    const done = operate(createCallRecords(() => records, clock, clock.nowMs()))

    await expect(done).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    expect(store.operations).toEqual([])
  })
}

test('a call that uses no state does not look for a store', () => {
  const find = (): Records => {
    throw new Problem('CONFIG_ERROR')
  }

  expect(() => createCallRecords(find, createTestClock(), Number.POSITIVE_INFINITY)).not.toThrow()
})
