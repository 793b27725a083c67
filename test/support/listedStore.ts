import type { StateStore } from '../../shared/ports/stateStore.ts'
import type { RecordKind } from '../../shared/state/records.ts'

export type ListedStore = StateStore & {
  /** The keys of the records of a kind that are there. */
  list(kind: RecordKind): Promise<readonly string[]>
}

/** A store that can say what is in it. */
export function createListedStore(store: StateStore): ListedStore {
  const written = new Set<string>()

  return {
    ...store,
    putIfAbsent(key, record) {
      written.add(key)
      return store.putIfAbsent(key, record)
    },
    async list(kind) {
      const ofKind = [...written].filter((key) => key.split(':')[1] === kind)
      const found = await Promise.all(ofKind.map(async (key) => ((await store.get(key)) ? [key] : [])))
      return found.flat()
    },
  }
}
