import { Problem } from '../../shared/core/problem.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'

export type TestStore = StateStore & {
  /** While set, every operation fails as with a store that cannot be reached. */
  isDown: boolean
  /** While set, writes fail and reads do not, as with a store that is throttled. */
  refusesWrites: boolean
  /** The operations so far that went through. */
  readonly operations: readonly string[]
  /** Everything that is at rest. */
  dump(): string
}

/** A store that can be taken down, and that remembers what it was asked to keep. */
export function createTestStore(store: StateStore): TestStore {
  const operations: string[] = []
  const written: string[] = []

  function requireUp(name: string, isWrite: boolean): void {
    if (testStore.isDown || (isWrite && testStore.refusesWrites)) throw new Problem('STATE_UNAVAILABLE')
    operations.push(name)
  }

  const testStore: TestStore = {
    isDown: false,
    refusesWrites: false,
    operations,
    dump: () => written.join('\n'),
    async get(key) {
      requireUp('get', false)
      return store.get(key)
    },
    async putIfAbsent(key, record) {
      requireUp('putIfAbsent', true)
      written.push(`${key} ${JSON.stringify(record)}`)
      return store.putIfAbsent(key, record)
    },
    async compareAndSet(key, expectedVersion, record) {
      requireUp('compareAndSet', true)
      written.push(`${key} ${JSON.stringify(record)}`)
      return store.compareAndSet(key, expectedVersion, record)
    },
    async deleteIf(key, expectedVersion) {
      requireUp('deleteIf', true)
      return store.deleteIf(key, expectedVersion)
    },
  }
  return testStore
}
