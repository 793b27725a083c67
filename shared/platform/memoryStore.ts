import type { Clock } from '../ports/clock.ts'
import type { StateStore, StoredRecord } from '../ports/stateStore.ts'
import { isAlive } from './isAlive.ts'

const MIN_SWEEP_SIZE = 1024

/**
 * State in the memory of one process: for one machine and for tests.
 *
 * Expired records are swept out whenever their number may have come to outweigh the living, so that each
 * write pays for a constant share of the sweeps and the store stays within twice what is alive.
 */
export function createMemoryStore(clock: Clock): StateStore {
  const records = new Map<string, StoredRecord>()
  let sweepAtSize = MIN_SWEEP_SIZE

  function find(key: string): StoredRecord | undefined {
    const record = records.get(key)
    return record && isAlive(record, clock.nowMs()) ? record : undefined
  }

  function write(key: string, record: StoredRecord): void {
    if (records.size >= sweepAtSize) sweep()
    records.set(key, record)
  }

  function sweep(): void {
    const nowMs = clock.nowMs()
    for (const [key, record] of records) if (!isAlive(record, nowMs)) records.delete(key)
    sweepAtSize = Math.max(MIN_SWEEP_SIZE, records.size * 2)
  }

  return {
    get: async (key) => find(key),

    async putIfAbsent(key, record) {
      if (find(key)) return false

      write(key, record)
      return true
    },

    async compareAndSet(key, expectedVersion, record) {
      if (find(key)?.version !== expectedVersion) return false

      write(key, record)
      return true
    },

    deleteIf: async (key, expectedVersion) => find(key)?.version === expectedVersion && records.delete(key),
  }
}
