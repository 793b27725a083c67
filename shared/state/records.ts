import { configProblem, Problem } from '../core/problem.ts'
import { type KeyRing, seal, unseal } from '../core/seal.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { StateStore } from '../ports/stateStore.ts'

/** A record's place, with what was last seen there. */
export type Slot<T> = {
  readonly key: string
  /** Absent when there is no record, or none that the current keys can open. */
  readonly value?: T
  /** Absent when there is no record. */
  readonly version?: string
}

/**
 * Sealed records over a state store.
 *
 * Read a slot, then write or remove it: every write is conditional on nobody having written in between.
 * The whole value is sealed under its place, keyed by app id first, so nothing readable is at rest and no
 * record passes for another.
 */
export interface Records {
  /** A slot that is known, or hoped, to be empty: its first write succeeds only if there is no record. */
  empty<T>(kind: RecordKind, id: string): Slot<T>
  read<T>(kind: RecordKind, id: string): Promise<Slot<T>>
  /** The slot as written; `undefined` when somebody else was first. */
  write<T>(slot: Slot<T>, value: T, expiresAtMs?: number | undefined): Promise<Slot<T> | undefined>
  /** Whether the record that was read is gone; `false` when somebody else was first. */
  remove(slot: Slot<unknown>): Promise<boolean>
  /**
   * Reads, changes and writes until nobody was in between. A change of `undefined` leaves the record alone.
   * Updates of one record by one process take turns, so that a burst does not contend with itself.
   *
   * @param seen the record as it was read before in this call, which saves the first reading
   */
  update<T>(kind: RecordKind, id: string, change: ChangeRecord<T>, seen?: Slot<T>): Promise<void>
  /**
   * Removes some of what ended more than an hour ago, and tells how much; 0 where the store cleans up by
   * itself. Whatever is left is for the next time.
   */
  sweep(): Promise<number>
}

/** Gets the value, and the slot it was found in. */
type ChangeRecord<T> = (value: T | undefined, slot: Slot<T>) => Change<T> | undefined

type Change<T> = { readonly value: T; readonly expiresAtMs?: number }

/** What records are about. The name is part of every key. */
export type RecordKind =
  | 'account'
  | 'accessToken'
  | 'soterChallenge'
  | 'soterDevice'
  | 'effect'
  | 'qrCode'
  | 'loginCode'
  | 'openData'
  | 'budget'
  | 'limitedCodes'
  | 'grants'
  | 'grantInbox'
  | 'mediaJob'
  | 'mediaVerdict'
  | 'contentVerdict'
  | 'scene'
  | 'sceneHandle'
  | 'push'

type RecordsOptions = {
  readonly store: StateStore
  readonly appId: string
  readonly keys: KeyRing
  readonly clock: Clock
  readonly random: Random
}

/** What every store takes in one record, in characters before sealing, with room for that. */
export const MAX_RECORD_LENGTH = 250_000

const MAX_ATTEMPTS = 8
const FIRST_PAUSE_MS = 10
/** No instance's clock is so late that it takes what ended then for alive. */
const SWEEP_MARGIN_MS = 3_600_000
/** At one sweep every two minutes, a third of a million records a day. */
const SWEEP_LIMIT = 500

export function createRecords({ store, appId, keys, clock, random }: RecordsOptions): Records {
  const keyOf = (kind: RecordKind, id: string) => `${appId}:${kind}:${id}`
  const turns = new Map<string, Promise<void>>()

  const records: Records = {
    empty: (kind, id) => ({ key: keyOf(kind, id) }),

    async read<T>(kind: RecordKind, id: string): Promise<Slot<T>> {
      const key = keyOf(kind, id)
      const stored = await store.get(key)
      if (!stored) return { key }

      const text = unseal(stored.body, key, keys)
      return { key, version: stored.version, ...(text !== undefined && { value: JSON.parse(text) as T }) }
    },

    async write<T>(slot: Slot<T>, value: T, expiresAtMs?: number | undefined): Promise<Slot<T> | undefined> {
      const { key } = slot
      const version = Buffer.from(random.bytes(12)).toString('base64url')
      const body = seal(JSON.stringify(value), key, keys, random.bytes(12))
      const record = { version, body, ...(expiresAtMs !== undefined && { expiresAtMs }) }
      const written = slot.version
        ? await store.compareAndSet(key, slot.version, record)
        : await store.putIfAbsent(key, record)

      return written ? { key, value, version } : undefined
    },

    remove: async ({ key, version }) => version !== undefined && store.deleteIf(key, version),

    update(kind, id, change, seen) {
      const key = keyOf(kind, id)
      const turn = (turns.get(key) ?? Promise.resolve())
        .catch(() => undefined)
        .then(() => updateNow(kind, id, change, seen))
        .finally(() => {
          if (turns.get(key) === turn) turns.delete(key)
        })
      turns.set(key, turn)
      return turn
    },

    sweep: async () => (await store.sweep?.(clock.nowMs() - SWEEP_MARGIN_MS, SWEEP_LIMIT)) ?? 0,
  }

  async function updateNow<T>(
    kind: RecordKind,
    id: string,
    change: ChangeRecord<T>,
    seen: Slot<T> | undefined,
  ): Promise<void> {
    if (seen && (await isChanged(seen, change))) return

    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (await isChanged(await records.read<T>(kind, id), change)) return

      await clock.sleep(random.fraction() * FIRST_PAUSE_MS * 2 ** attempt)
    }
    throw new ContendedRecord(kind)
  }

  async function isChanged<T>(slot: Slot<T>, change: ChangeRecord<T>): Promise<boolean> {
    const changed = change(slot.value, slot)
    return !changed || (await records.write(slot, changed.value, changed.expiresAtMs)) !== undefined
  }

  return records
}

/** Too many write one record at once. The store is there, so nobody goes on without it. */
export class ContendedRecord extends Problem {
  constructor(kind: RecordKind) {
    super('STATE_UNAVAILABLE', { detail: `the ${kind} record is too contended` })
  }
}

/**
 * Refuses a record that is there but cannot be opened. What a record must never forget (a counter, that a
 * message was sent) is not begun anew because a key was retired too early.
 *
 * @throws Problem `CONFIG_ERROR`
 */
export function requireReadable({ value, version }: Slot<unknown>): void {
  if (version !== undefined && value === undefined) {
    throw configProblem('STATE_KEYS', 'lacks the key of a record that is still needed')
  }
}

/**
 * Whether it is the store that is missing: out of reach, or not configured. Whoever only saves work with it
 * then goes on without.
 */
export const isStoreAbsent = (thrown: unknown): boolean =>
  thrown instanceof Problem && (thrown.code === 'STATE_UNAVAILABLE' || thrown.code === 'CONFIG_ERROR')
