import { createConditionalStore, PassingFault, type Table } from '../../shared/platform/conditionalStore.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { StateStore, StoredRecord } from '../../shared/ports/stateStore.ts'
import { promptRandom } from './promptRandom.ts'
import type { StoreUnderTest, WireFault } from './stateStoreFaults.ts'

/**
 * The memory store as the contract tests it.
 *
 * Memory has no wire that could fail. Here one is put before it, with the same repeating and settling behind
 * it that the stores over a network have. So what the faults show is not about memory alone: that those are
 * right whatever the network, and that the conditional writes of memory are as good as a database's.
 */
export function createMemorySubject(): StoreUnderTest {
  // One process has one store, however many look at it.
  const stores = new WeakMap<Clock, StateStore>()
  /** What was written last: memory shows nothing that is over, and a table does. */
  const lastReplaced = new Map<string, StoredRecord>()
  const faults: WireFault[] = []
  let isDown = false
  let requests = 0

  function open(clock: Clock): StateStore {
    const store = stores.get(clock) ?? createMemoryStore(clock)
    stores.set(clock, store)
    return store
  }

  async function send<T>(perform: () => Promise<T>): Promise<T> {
    requests++
    const fault = isDown ? 'refused' : (faults.shift() ?? 'none')
    if (fault === 'answerLost') await perform()
    if (fault !== 'none') throw new PassingFault(fault)

    return perform()
  }

  const tableOver = (store: StateStore): Table => ({
    read: (key) => send(async () => (await store.get(key)) ?? lastReplaced.get(key)),
    insert: (key, record) => send(() => store.putIfAbsent(key, record)),
    replace: (key, { version }, record) =>
      send(async () => {
        const isReplaced = await store.compareAndSet(key, version, record)
        if (isReplaced) lastReplaced.set(key, record)
        return isReplaced
      }),
  })

  return {
    open,
    openOverWire: (clock) =>
      createConditionalStore({ table: tableOver(open(clock)), clock, random: promptRandom }),
    wire: () => ({
      disturb: (...next) => {
        faults.splice(0, Number.POSITIVE_INFINITY, ...next)
      },
      cut: (isCut) => {
        isDown = isCut
      },
      countRequests: () => requests,
    }),
  }
}
