import type { Clock } from '../../../ports/clock.ts'
import type { Random } from '../../../ports/random.ts'
import type { StateStore } from '../../../ports/stateStore.ts'
import { createConditionalStore } from '../../conditionalStore.ts'
import { createDocumentTable } from './table.ts'

type CloudBaseStoreOptions = {
  readonly collection: string
  readonly clock: Clock
  readonly random: Random
}

/**
 * State in a collection of CloudBase's document database, which Tencent builds on its MongoDB. It deletes
 * nothing by itself, so `sweep` is to be called now and then; an index on `expiresAtMs` keeps that cheap.
 *
 * Whether a read may come from a secondary is not documented. MongoDB reads from the primary unless it is
 * told otherwise, and neither the SDK nor its protocol has a way to. Writes do not depend on it: a write on
 * a stale read is refused by its condition.
 *
 * @throws `STATE_UNAVAILABLE` from every operation, and `CONFIG_ERROR` for the collection, the environment
 * or the credentials; a `RangeError` for a body over 380 KB
 * @see https://docs.cloudbase.net/database/intro/introduce-db
 */
export const createCloudBaseStore = ({ collection, clock, random }: CloudBaseStoreOptions): StateStore =>
  createConditionalStore({ table: createDocumentTable(collection, clock), clock, random })
