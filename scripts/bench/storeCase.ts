import type { Environment } from '../../shared/core/config.ts'
import type { Prepare } from './prepareCall.ts'

/** A call whose store operations are counted. */
export type StoreCase = {
  /** The most that it should take. */
  readonly aims?: { readonly reads?: number; readonly writes?: number }
  /** Variables beside those that every deployment needs. */
  readonly environment?: Environment
  /** Whether the instance has no access token yet when it is called. */
  readonly isCold?: true
  /** The code that it is meant to fail with. */
  readonly failsWith?: string
  readonly prepare: Prepare
}

/** Who the caller is may be looked up, and that is all. */
export const AUTHENTICATED = { reads: 1, writes: 0 }
export const NOTHING = { reads: 0, writes: 0 }
/** All that fits between a push and its answer where the store is slow. */
export const ONE_WRITE = { reads: 0, writes: 1 }
