import { isStoreAbsent, type Records, type Slot } from '../state/records.ts'
import { EMPTY_RECORD, type TokenRecord } from './tokenRecord.ts'

/** Where the token's record is kept: the store, or the process where it can do without one. */
export interface TokenPlace {
  read(): Promise<Found>
  /** The record as written, or `undefined` when somebody else has changed it since. */
  write(found: Found, record: TokenRecord): Promise<Found | undefined>
  /** Changes the record, whoever else does, for as long as the change applies. */
  change(found: Found, next: Change): Promise<'changed' | 'left alone'>
}

/** The record, with what a conditional write has to name; without a slot where there is no store. */
export type Found = { readonly slot: Slot<TokenRecord> | undefined; readonly record: TokenRecord }

type Change = (record: TokenRecord) => TokenRecord | undefined

type TokenPlaceOptions = {
  /** Throws when there is no store that could be asked. */
  readonly records: () => Records
  /** The source of tokens, each with a record of its own. */
  readonly mode: 'stable' | 'classic'
}

const MAX_WRITES = 8

/**
 * In `stable` mode the store is a convenience: without it a process keeps the record for itself and fetches
 * the same token. In `classic` mode a fetch ends everybody's token, so there is no doing without.
 *
 * The record has no end: its fence must never start again.
 */
export function createTokenPlace({ records, mode }: TokenPlaceOptions): TokenPlace {
  /** The record as this process saw it last. */
  let local: TokenRecord = EMPTY_RECORD

  async function withStore<T>(use: (records: Records) => Promise<T>): Promise<T | undefined> {
    try {
      return await use(records())
    } catch (thrown) {
      if (mode === 'stable' && isStoreAbsent(thrown)) return undefined
      throw thrown
    }
  }

  const place: TokenPlace = {
    async read() {
      const slot = await withStore((found) => found.read<TokenRecord>('accessToken', mode))
      if (slot) local = slot.value ?? EMPTY_RECORD
      // Whoever has a lease in the store is of no use to a process without one.
      const { lease: _theirs, ...withoutLease } = local
      return { slot, record: slot ? local : withoutLease }
    },

    async write({ slot }, record) {
      const written = await withStore(
        async (found) => slot && ((await found.write(slot, record)) ?? 'overtaken'),
      )
      if (written === 'overtaken') return undefined

      local = record
      return { slot: written, record }
    },

    async change(found, next) {
      let seen = found
      for (let attempt = 0; attempt < MAX_WRITES; attempt++) {
        const record = next(seen.record)
        if (!record) return 'left alone'
        if (await place.write(seen, record)) return 'changed'

        seen = await place.read()
      }
      return 'left alone'
    },
  }
  return place
}
