/**
 * One record as a store holds it: opaque text and the version that a conditional write must name. No two
 * writes bring the same version.
 */
export type StoredRecord = { readonly version: string; readonly body: string; readonly expiresAtMs?: number }

/**
 * What every state store can do, and all that is asked of one.
 *
 * Each write is a single conditional write to a single record: that is what memory, DynamoDB and
 * CloudBase's database agree on. A record whose `expiresAtMs` has passed is absent to the first four
 * operations, whether or not the store has deleted it. Reads see every write that was answered before.
 *
 * All of them throw `Problem` `STATE_UNAVAILABLE` when the store cannot be reached or is throttled.
 */
export interface StateStore {
  get(key: string): Promise<StoredRecord | undefined>
  /** Whether the record was written; `false` when there was one already. */
  putIfAbsent(key: string, record: StoredRecord): Promise<boolean>
  /** Whether the record was replaced; `false` when its version is no longer `expectedVersion`. */
  compareAndSet(key: string, expectedVersion: string, record: StoredRecord): Promise<boolean>
  /** Whether the record was deleted; `false` when its version is no longer `expectedVersion`. */
  deleteIf(key: string, expectedVersion: string): Promise<boolean>
  /**
   * Removes records that ended, or were deleted, at `endedByMs` or before: `limit` of them at most. Returns
   * how many.
   *
   * Only a store that keeps what is over until somebody removes it has this. `endedByMs` is to lie so far
   * back that no instance's clock takes such a record for alive and no write to it is still under way.
   */
  sweep?(endedByMs: number, limit: number): Promise<number>
}
