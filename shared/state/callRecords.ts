import { Problem } from '../core/problem.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { Clock } from '../ports/clock.ts'
import type { Records } from './records.ts'

/**
 * Records as one call sees them: found at the first use, so that a call without state needs no store, and
 * never waited for beyond the call's deadline.
 *
 * @param find throws `CONFIG_ERROR` when no store is configured
 */
export function createCallRecords(find: () => Records, clock: Clock, deadlineAtMs: number): Records {
  const late = () => new Problem('STATE_UNAVAILABLE', { detail: 'the store did not answer in time' })
  const inTime = async <T>(use: (records: Records) => Promise<T>): Promise<T> => {
    if (clock.nowMs() >= deadlineAtMs) throw late()
    return withinDeadline(use(find()), clock, deadlineAtMs, late)
  }

  return {
    empty: (kind, id) => find().empty(kind, id),
    read: (kind, id) => inTime((records) => records.read(kind, id)),
    write: (slot, value, expiresAtMs) => inTime((records) => records.write(slot, value, expiresAtMs)),
    remove: (slot) => inTime((records) => records.remove(slot)),
    update: (kind, id, change, seen) => inTime((records) => records.update(kind, id, change, seen)),
    sweep: () => inTime((records) => records.sweep()),
  }
}
