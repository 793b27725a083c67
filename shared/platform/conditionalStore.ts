import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { StateStore, StoredRecord } from '../ports/stateStore.ts'
import { isAlive } from './isAlive.ts'

/**
 * Records over a network. Every method is one try, given up after `timeoutMs`, and fails with a
 * `PassingFault` where another try may do better. Records that are over are records to a table.
 */
export interface Table {
  read(key: string, timeoutMs: number): Promise<StoredRecord | undefined>
  /** Whether the record was written; `false` when the key is taken. */
  insert(key: string, record: StoredRecord, timeoutMs: number): Promise<boolean>
  /** Whether the record was written; `false` when what stands there is not what was expected. */
  replace(key: string, expected: Expected, record: StoredRecord, timeoutMs: number): Promise<boolean>
  /** As `StateStore` has it, for tables that nobody else cleans up. */
  sweep?(endedByMs: number, limit: number, timeoutMs: number): Promise<number>
}

export type Expected = {
  readonly version: string
  /** Set where the record must also not be over by then. */
  readonly aliveAtMs?: number
}

/** A fault that another try may not meet. When it does, this is how the operation fails. */
export class PassingFault extends Problem {
  constructor(detail: string) {
    super('STATE_UNAVAILABLE', { detail })
  }
}

type ConditionalStoreOptions = {
  readonly table: Table
  readonly clock: Clock
  readonly random: Random
}

const ATTEMPT_TIMEOUT_MS = 1000
/** How long one operation may take, repeats included. */
const OPERATION_TIMEOUT_MS = 2500
const MAX_REPEATS = 2
const FIRST_PAUSE_MS = 50
/** DynamoDB takes items of 400 KB; the rest is for the key and the names. */
const MAX_BODY_BYTES = 380 * 1024
const MAX_ROUNDS = 3

/**
 * A state store over a table with conditional writes.
 *
 * A lost answer hardly ever blurs the outcome. Every write carries a version of its own: the same write is
 * repeated, and where its condition no longer holds, the version that stands there tells whose write it
 * was; only what somebody else has overwritten before it could be looked at counts as not written. A write that
 * arrives late, when its caller has long given up, does no harm either: it is an insert, or it names the version
 * that it replaces. For both reasons a deletion is a write too, of a record that is over from the start and is
 * cleaned up later: of two calls that delete a one-time record, never do both hear that it was them.
 *
 * @throws `RangeError` for a body over 380 KB, and otherwise what the table throws
 */
export function createConditionalStore({ table, clock, random }: ConditionalStoreOptions): StateStore {
  type Tried<T> = { readonly result: T; readonly isRepeat: boolean }

  async function tryRepeatedly<T>(
    deadlineAtMs: number,
    attempt: (timeoutMs: number) => Promise<T>,
  ): Promise<Tried<T>> {
    for (let repeat = 0; ; repeat++) {
      try {
        const remainingMs = deadlineAtMs - clock.nowMs()
        if (remainingMs <= 0) throw new PassingFault('no time left')

        const result = await attempt(Math.min(ATTEMPT_TIMEOUT_MS, remainingMs))
        return { result, isRepeat: repeat > 0 }
      } catch (thrown) {
        const pauseMs = random.fraction() * FIRST_PAUSE_MS * 2 ** repeat
        const isLast = repeat === MAX_REPEATS || clock.nowMs() + pauseMs >= deadlineAtMs
        if (isLast || !(thrown instanceof PassingFault)) throw thrown

        await clock.sleep(pauseMs)
      }
    }
  }

  async function read(key: string, deadlineAtMs: number): Promise<StoredRecord | undefined> {
    const { result } = await tryRepeatedly(deadlineAtMs, (timeoutMs) => table.read(key, timeoutMs))
    return result
  }

  async function insert(key: string, record: StoredRecord): Promise<boolean> {
    const nowMs = clock.nowMs()
    const deadlineAtMs = nowMs + OPERATION_TIMEOUT_MS
    let mayBeOurs = false
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const inserting = await tryRepeatedly(deadlineAtMs, (timeoutMs) => table.insert(key, record, timeoutMs))
      if (inserting.result) return true

      mayBeOurs ||= inserting.isRepeat
      const standing = await read(key, deadlineAtMs)
      if (!standing) continue
      if (isAlive(standing, nowMs)) return mayBeOurs && standing.version === record.version

      const { version } = standing
      const replacing = await tryRepeatedly(deadlineAtMs, (timeoutMs) =>
        table.replace(key, { version }, record, timeoutMs),
      )
      if (replacing.result) return true

      mayBeOurs ||= replacing.isRepeat
    }
    throw new PassingFault('the record is too contended')
  }

  async function replace(key: string, expectedVersion: string, record: StoredRecord): Promise<boolean> {
    const nowMs = clock.nowMs()
    const deadlineAtMs = nowMs + OPERATION_TIMEOUT_MS
    const expected = { version: expectedVersion, aliveAtMs: nowMs }
    const { result: isReplaced, isRepeat } = await tryRepeatedly(deadlineAtMs, (timeoutMs) =>
      table.replace(key, expected, record, timeoutMs),
    )
    return isReplaced || (isRepeat && (await read(key, deadlineAtMs))?.version === record.version)
  }

  /** Over before any clock began, and still telling when it was made. */
  const tombstone = (): StoredRecord => ({
    version: Buffer.from(random.bytes(12)).toString('base64url'),
    body: '',
    expiresAtMs: -clock.nowMs(),
  })

  const sweep = table.sweep?.bind(table)
  return {
    async get(key) {
      const record = await read(key, clock.nowMs() + OPERATION_TIMEOUT_MS)
      return record && isAlive(record, clock.nowMs()) ? record : undefined
    },

    async putIfAbsent(key, record) {
      requireFitting(record)
      return insert(key, record)
    },

    async compareAndSet(key, expectedVersion, record) {
      requireFitting(record)
      return replace(key, expectedVersion, record)
    },

    deleteIf: (key, expectedVersion) => replace(key, expectedVersion, tombstone()),

    ...(sweep && {
      async sweep(endedByMs: number, limit: number) {
        const deadlineAtMs = clock.nowMs() + OPERATION_TIMEOUT_MS
        const { result } = await tryRepeatedly(deadlineAtMs, (timeoutMs) =>
          sweep(endedByMs, limit, timeoutMs),
        )
        return result
      },
    }),
  }
}

function requireFitting({ body }: StoredRecord): void {
  const bytes = Buffer.byteLength(body)
  if (bytes > MAX_BODY_BYTES) throw new RangeError(`a record of ${bytes} bytes is too large`)
}
