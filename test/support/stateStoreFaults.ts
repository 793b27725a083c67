import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { StateStore, StoredRecord } from '../../shared/ports/stateStore.ts'
import { createTestClock, NOW_MS, type TestClock } from './testClock.ts'

/** What becomes of a request on its way to the records. */
export type WireFault = 'none' | 'throttled' | 'refused' | 'answerLost' | 'late'

/** The way to the records, where a test can disturb it. */
export type Wire = {
  /** Forgets every disturbance so far; these meet the next requests, in order. */
  disturb(...faults: WireFault[]): void
  /** While it is cut, nobody gets through. */
  cut(isCut: boolean): void
  /** How many requests came in so far. */
  countRequests(): number
  /** Lets the requests arrive that were `late`. */
  deliverLate?(): void | Promise<void>
}

export type StoreUnderTest = {
  /** One more instance on the same records. */
  open(clock: TestClock): StateStore
  /** One more, whose requests go over the wire. */
  openOverWire(clock: TestClock): StateStore
  wire(): Wire
}

const SOON_MS = NOW_MS + 1000

export const recordOf = (version: string, content: Partial<StoredRecord> = {}): StoredRecord => ({
  version,
  body: `body of ${version}`,
  ...content,
})

const opener = (subject: StoreUnderTest) => () => {
  const clock = createTestClock()
  const wire = subject.wire()
  wire.cut(false)
  wire.disturb()
  return {
    clock,
    wire,
    /** For the test itself, and for whoever else is there: undisturbed before the test disturbs the wire. */
    other: subject.open(clock),
    store: subject.openOverWire(clock),
    key: `wx1:test:${randomUUID()}`,
  }
}

type Operation = (store: StateStore, key: string) => Promise<unknown>

/** Each on a record `v1`, with what comes of it and what stands there then. */
const OPERATIONS: readonly [string, Operation, result: unknown, standing: StoredRecord | undefined][] = [
  ['get', (store, key) => store.get(key), recordOf('v1'), recordOf('v1')],
  ['a refused putIfAbsent', (store, key) => store.putIfAbsent(key, recordOf('v2')), false, recordOf('v1')],
  ['compareAndSet', (store, key) => store.compareAndSet(key, 'v1', recordOf('v2')), true, recordOf('v2')],
  [
    'a refused compareAndSet',
    (store, key) => store.compareAndSet(key, 'v0', recordOf('v2')),
    false,
    recordOf('v1'),
  ],
  ['deleteIf', (store, key) => store.deleteIf(key, 'v1'), true, undefined],
  ['a refused deleteIf', (store, key) => store.deleteIf(key, 'v0'), false, recordOf('v1')],
]

/** What every store makes of a bad way to its records. */
export function describeStoreFaults(subject: StoreUnderTest): void {
  const open = opener(subject)

  describe.each(OPERATIONS)('%s', (_, operate, result, standing) => {
    test('fails in an outage without any effect, and works after it', async () => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      wire.cut(true)

      await expect(operate(store, key)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

      wire.cut(false)
      expect(await other.get(key)).toEqual(recordOf('v1'))
      expect(await operate(store, key)).toEqual(result)
      expect(await other.get(key)).toEqual(standing)
    })

    test('is repeated when it was throttled, until it succeeds', async () => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      wire.disturb('throttled', 'throttled')

      expect(await operate(store, key)).toEqual(result)

      expect(await other.get(key)).toEqual(standing)
    })

    test('fails without any effect when it is throttled for good', async () => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      const before = wire.countRequests()
      wire.disturb('throttled', 'throttled', 'throttled')

      await expect(operate(store, key)).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

      expect(wire.countRequests() - before).toBe(3)
      expect(await other.get(key)).toEqual(recordOf('v1'))
    })

    test('tells the truth though its answer was lost', async () => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      wire.disturb('answerLost', 'answerLost')

      expect(await operate(store, key)).toEqual(result)

      expect(await other.get(key)).toEqual(standing)
    })
  })

  describe('a record that is put', () => {
    test.each(['throttled', 'refused', 'answerLost'] as const)(
      'is known to stand where nothing stood: %s',
      async (fault) => {
        const { store, other, wire, key } = open()
        wire.disturb(fault, fault)

        expect(await store.putIfAbsent(key, recordOf('v1'))).toBe(true)

        expect(await other.get(key)).toEqual(recordOf('v1'))
      },
    )

    test.each(['throttled', 'refused', 'answerLost'] as const)(
      'is known to stand where one was over: %s',
      async (fault) => {
        const { store, other, wire, key, clock } = open()
        await other.putIfAbsent(key, recordOf('v1', { expiresAtMs: SOON_MS }))
        clock.advance(1000)
        // The insert, the look at what stands there, and the write in its place.
        wire.disturb('none', 'none', fault, fault)

        expect(await store.putIfAbsent(key, recordOf('v2'))).toBe(true)

        expect(await other.get(key)).toEqual(recordOf('v2'))
      },
    )

    test('is not written when there is an outage', async () => {
      const { store, other, wire, key } = open()
      wire.cut(true)

      await expect(store.putIfAbsent(key, recordOf('v1'))).rejects.toMatchObject({
        code: 'STATE_UNAVAILABLE',
      })

      wire.cut(false)
      expect(await other.get(key)).toBeUndefined()
    })
  })

  describe('a write whose answer was lost', () => {
    test.each<[string, Operation]>([
      ['compareAndSet', (store, key) => store.compareAndSet(key, 'v1', recordOf('v3'))],
      ['deleteIf', (store, key) => store.deleteIf(key, 'v1')],
    ])('is refused when it was based on a stale read, and the record stands: %s', async (_, operate) => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      await other.compareAndSet(key, 'v1', recordOf('v2'))
      wire.disturb('answerLost')

      expect(await operate(store, key)).toBe(false)

      expect(await other.get(key)).toEqual(recordOf('v2'))
    })

    test('is one winner’s: of two who delete at once, both without an answer, one hears that it did', async () => {
      const { store, other, wire, key, clock } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      wire.disturb('answerLost', 'answerLost')

      const won = await Promise.all([
        store.deleteIf(key, 'v1'),
        subject.openOverWire(clock).deleteIf(key, 'v1'),
      ])

      expect(won.toSorted()).toEqual([false, true])
      expect(await other.get(key)).toBeUndefined()
    })

    test.each<[string, (store: StateStore, key: string, index: number) => Promise<boolean>]>([
      ['delete', (store, key) => store.deleteIf(key, 'v1')],
      ['replace', (store, key, index) => store.compareAndSet(key, 'v1', recordOf(`r${index}`))],
      [
        'replace or delete',
        (store, key, index) =>
          index % 2 ? store.deleteIf(key, 'v1') : store.compareAndSet(key, 'v1', recordOf(`r${index}`)),
      ],
      ['put', (store, key, index) => store.putIfAbsent(`${key}:new`, recordOf(`p${index}`))],
    ])('is never two winners’: of many who %s on a bad line', async (_, attempt) => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      wire.disturb(...(['answerLost', 'refused', 'none', 'throttled', 'answerLost'] as const))

      const results = await Promise.allSettled(
        Array.from({ length: 16 }, (_racer, index) => attempt(store, key, index)),
      )

      expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
      expect(results.filter((result) => result.status === 'fulfilled' && result.value)).toHaveLength(1)
    })
  })
}

/** What becomes of a write that arrives when its caller has long repeated it: for stores over a network. */
export function describeLateWrites(subject: StoreUnderTest): void {
  const open = opener(subject)

  describe('a write that arrives late', () => {
    test.each([
      ['where nothing stood', false],
      ['where one was over', true],
    ])('does not bring back what was put %s and deleted since', async (_, takesOver) => {
      const { store, other, wire, key, clock } = open()
      if (takesOver) {
        await other.putIfAbsent(key, recordOf('v0', { expiresAtMs: SOON_MS }))
        clock.advance(1000)
      }
      wire.disturb(...(takesOver ? (['none', 'none', 'late'] as const) : (['late'] as const)))
      expect(await store.putIfAbsent(key, recordOf('v1'))).toBe(true)
      expect(await other.deleteIf(key, 'v1')).toBe(true)

      await wire.deliverLate?.()

      expect(await other.get(key)).toBeUndefined()
    })

    test.each<[string, Operation, StoredRecord | undefined]>([
      ['compareAndSet', (store, key) => store.compareAndSet(key, 'v1', recordOf('v2')), recordOf('v2')],
      ['deleteIf', (store, key) => store.deleteIf(key, 'v1'), undefined],
    ])('does not undo what came after it: %s', async (_, operate, standing) => {
      const { store, other, wire, key } = open()
      await other.putIfAbsent(key, recordOf('v1'))
      wire.disturb('late')
      expect(await operate(store, key)).toBe(true)
      expect(await other.get(key)).toEqual(standing)
      await (standing
        ? other.compareAndSet(key, standing.version, recordOf('v3'))
        : other.putIfAbsent(key, recordOf('v3')))

      await wire.deliverLate?.()

      expect(await other.get(key)).toEqual(recordOf('v3'))
    })
  })
}
