import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { createMemorySubject } from '../support/memoryWire.ts'
import { describeStateStore } from '../support/stateStoreContract.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'

describeStateStore('the memory store', createMemorySubject())

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

test('the memory store lets go of expired records that nobody asks for again', async () => {
  const clock = createTestClock()
  const store = createMemoryStore(clock)
  const putMany = async (prefix: string): Promise<WeakRef<object>[]> => {
    const references: WeakRef<object>[] = []
    for (let index = 0; index < 2000; index++) {
      const record = { version: 'v', body: 'b', expiresAtMs: clock.nowMs() + 1000 }
      references.push(new WeakRef(record))
      await store.putIfAbsent(`${prefix}${index}`, record)
    }
    return references
  }
  const countHeld = async (references: WeakRef<object>[]) => {
    await setImmediate()
    collectGarbage()
    return references.filter((reference) => reference.deref()).length
  }

  const early = await putMany('early')
  expect(await countHeld(early)).toBe(2000)
  clock.advance(1000)
  const late = [...(await putMany('late')), ...(await putMany('later'))]

  expect(await countHeld(early)).toBe(0)
  expect(await countHeld(late)).toBe(4000)
  expect(await store.get('late0')).toEqual({ version: 'v', body: 'b', expiresAtMs: NOW_MS + 2000 })
})
