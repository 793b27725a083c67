import { Problem } from '../../../shared/core/problem.ts'
import type { StateStore, StoredRecord } from '../../../shared/ports/stateStore.ts'
import type { RecordKind } from '../../../shared/state/records.ts'
import type { TestClock } from '../../support/testClock.ts'

/** What goes wrong with the store. */
export type StoreFault =
  /** It cannot be reached from this operation on. */
  | 'down'
  /** From this operation on it reads and does not write. */
  | 'throttled'
  /** It does not answer from this operation on, and is given up each time after as long as a store may take. */
  | 'silent'
  /** The same, in a process in which nothing else goes on meanwhile. */
  | 'slow'
  /** This operation is done, and nobody hears of it. */
  | 'answerLost'
  /** Somebody else writes, or deletes, the record just before this operation does. */
  | 'overtaken'
  /** From this operation on somebody always does. */
  | 'contended'

export type StoreWithFaults = StateStore & {
  /** What was asked of it since the last strike, as `get account`. */
  readonly operations: readonly string[]
  /** Fails at the operation with this number, counted from now. */
  strike(fault: StoreFault, at: number): void
  heal(): void
  /** Puts another body into every record of a kind, and forgets what was asked before. */
  spoil(kind: RecordKind, bodyOf: (body: string) => string): Promise<void>
}

/** Longer than one operation of a real store takes with all its repeats. */
const OPERATION_MS = 2500

const IS_UNAVAILABLE: ReadonlySet<StoreFault> = new Set(['down', 'throttled', 'silent', 'slow'])
const WRITE_FAULTS: ReadonlySet<StoreFault> = new Set(['throttled', 'overtaken', 'contended'])

const isWrite = (operation: string): boolean => !operation.startsWith('get')

/** A state store that fails in a given way at a given operation. */
export function createStoreWithFaults(store: StateStore, clock: TestClock): StoreWithFaults {
  const keys = new Set<string>()
  let operations: string[] = []
  let struck: { readonly fault: StoreFault; readonly at: number } | undefined
  let others = 0

  /** The fault that hits the operation which comes now. */
  function meet(name: keyof StateStore, key: string): StoreFault | undefined {
    const operation = `${name} ${key.split(':')[1]}`
    const number = operations.push(operation) - 1
    if (!struck || number < struck.at) return undefined

    const { fault, at } = struck
    const isOver = (fault === 'answerLost' || fault === 'overtaken') && number > at
    const isSpared = WRITE_FAULTS.has(fault) && !isWrite(operation)
    return isOver || isSpared ? undefined : fault
  }

  async function operate<T>(
    name: keyof StateStore,
    key: string,
    work: () => Promise<T>,
    overtake: () => Promise<unknown>,
  ): Promise<T> {
    const fault = meet(name, key)
    const unavailable = new Problem('STATE_UNAVAILABLE')
    if (fault === 'slow') clock.advance(OPERATION_MS)
    if (fault === 'silent') await clock.sleep(OPERATION_MS)
    if (fault && IS_UNAVAILABLE.has(fault)) throw unavailable

    if (fault === 'overtaken' || fault === 'contended') await overtake()
    const result = await work()
    if (fault === 'answerLost') throw unavailable
    return result
  }

  const byAnother = (record: StoredRecord): StoredRecord => ({ ...record, version: `other-${others++}` })

  async function rewrite(key: string, change: (body: string) => string): Promise<void> {
    const record = await store.get(key)
    if (!record) return
    await store.compareAndSet(key, record.version, byAnother({ ...record, body: change(record.body) }))
  }

  return {
    get operations() {
      return operations
    },
    strike(fault, at) {
      operations = []
      struck = { fault, at }
    },
    heal() {
      operations = []
      struck = undefined
    },
    async spoil(kind, bodyOf) {
      for (const key of keys) if (key.split(':')[1] === kind) await rewrite(key, bodyOf)
      operations = []
    },

    get: (key) =>
      operate(
        'get',
        key,
        () => store.get(key),
        async () => undefined,
      ),
    putIfAbsent(key, record) {
      keys.add(key)
      const overtake = () => store.putIfAbsent(key, byAnother(record))
      return operate('putIfAbsent', key, () => store.putIfAbsent(key, record), overtake)
    },
    compareAndSet(key, expectedVersion, record) {
      const overtake = () => rewrite(key, (body) => body)
      return operate('compareAndSet', key, () => store.compareAndSet(key, expectedVersion, record), overtake)
    },
    deleteIf(key, expectedVersion) {
      const work = () => store.deleteIf(key, expectedVersion)
      return operate('deleteIf', key, work, work)
    },
  }
}
