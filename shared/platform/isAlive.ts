import type { StoredRecord } from '../ports/stateStore.ts'

/** Whether a record has not ended yet. One that has is absent, whether or not the store has deleted it. */
export const isAlive = ({ expiresAtMs }: StoredRecord, nowMs: number): boolean =>
  expiresAtMs === undefined || expiresAtMs > nowMs
