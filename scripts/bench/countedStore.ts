import type { StateStore } from '../../shared/ports/stateStore.ts'

/** What was asked of a store so far, whether or not a write's condition held. */
export type StoreCounts = { reads: number; writes: number; deletes: number }

/** The same store, and the count of what is asked of it through here. */
export function countStore(store: StateStore): { readonly store: StateStore; readonly counts: StoreCounts } {
  const counts: StoreCounts = { reads: 0, writes: 0, deletes: 0 }
  const counted: StateStore = {
    get(key) {
      counts.reads++
      return store.get(key)
    },
    putIfAbsent(key, record) {
      counts.writes++
      return store.putIfAbsent(key, record)
    },
    compareAndSet(key, expectedVersion, record) {
      counts.writes++
      return store.compareAndSet(key, expectedVersion, record)
    },
    deleteIf(key, expectedVersion) {
      counts.deletes++
      return store.deleteIf(key, expectedVersion)
    },
  }
  return { store: counted, counts }
}
