import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { StoredRecord } from '../../shared/ports/stateStore.ts'
import { describeStoreFaults, recordOf, type StoreUnderTest } from './stateStoreFaults.ts'
import { createTestClock, NOW_MS } from './testClock.ts'

const RACERS = 64

/** What every state store must do, told once. Stores may share what is behind them: keys are fresh. */
export function describeStateStore(name: string, subject: StoreUnderTest): void {
  const open = () => {
    const clock = createTestClock()
    return { clock, store: subject.open(clock), key: `wx1:test:${randomUUID()}` }
  }

  const race = async (attempt: (index: number) => Promise<boolean>): Promise<number[]> => {
    const wins = await Promise.all(Array.from({ length: RACERS }, (_, index) => attempt(index)))
    return wins.flatMap((won, index) => (won ? [index] : []))
  }

  describe(name, () => {
    test('a key that was never written is absent', async () => {
      const { store, key } = open()

      expect(await store.get(key)).toBeUndefined()
    })

    test.each<[string, Omit<StoredRecord, 'version'>]>([
      ['without an end', { body: 'k1.AbC-_=' }],
      ['with an end', { body: 'text', expiresAtMs: NOW_MS + 1 }],
      ['with an empty body', { body: '' }],
      ['with text of every kind', { body: '{"名":"\\"\u0000\u2028😀"}' }],
      ['of 300 KB', { body: 'x'.repeat(300 * 1024) }],
    ])('a record %s is read back as it was written', async (_, content) => {
      const { store, key } = open()
      const record = recordOf('v1', content)

      expect(await store.putIfAbsent(key, record)).toBe(true)

      expect(await store.get(key)).toEqual(record)
    })

    test('a record is found under its own key alone', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('v1'))

      for (const other of [`${key}:`, key.toUpperCase(), key.slice(0, -1), `${key} `]) {
        expect(await store.get(other)).toBeUndefined()
      }
    })

    test('a second put leaves the first record alone', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('v1'))

      expect(await store.putIfAbsent(key, recordOf('v2'))).toBe(false)

      expect(await store.get(key)).toEqual(recordOf('v1'))
    })

    test('a record is replaced by whoever knows its version, and its end with it', async () => {
      const { store, key, clock } = open()
      await store.putIfAbsent(key, recordOf('v1', { expiresAtMs: NOW_MS + 10 }))

      expect(await store.compareAndSet(key, 'v1', recordOf('v2'))).toBe(true)

      clock.advance(20)
      expect(await store.get(key)).toEqual(recordOf('v2'))
    })

    test('a record is not replaced by whoever knows another version', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('v1'))
      await store.compareAndSet(key, 'v1', recordOf('v2'))

      expect(await store.compareAndSet(key, 'v1', recordOf('v3'))).toBe(false)

      expect(await store.get(key)).toEqual(recordOf('v2'))
    })

    test('nothing is replaced where nothing is', async () => {
      const { store, key } = open()

      expect(await store.compareAndSet(key, 'v1', recordOf('v2'))).toBe(false)

      expect(await store.get(key)).toBeUndefined()
    })

    test('a deleted record is absent to every operation until it is put again', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('v1'))

      expect(await store.deleteIf(key, 'v1')).toBe(true)

      expect(await store.get(key)).toBeUndefined()
      expect(await store.compareAndSet(key, 'v1', recordOf('v2'))).toBe(false)
      expect(await store.deleteIf(key, 'v1')).toBe(false)
      expect(await store.putIfAbsent(key, recordOf('v3'))).toBe(true)
      expect(await store.get(key)).toEqual(recordOf('v3'))
    })

    test('a record is not deleted by whoever knows another version', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('v1'))

      expect(await store.deleteIf(key, 'v0')).toBe(false)

      expect(await store.get(key)).toEqual(recordOf('v1'))
    })

    test('nothing is deleted where nothing is', async () => {
      const { store, key } = open()

      expect(await store.deleteIf(key, 'v1')).toBe(false)
      expect(await store.get(key)).toBeUndefined()
    })

    test('a record lives until its end and is absent to every operation from then on', async () => {
      const { store, key, clock } = open()
      const record = recordOf('v1', { expiresAtMs: NOW_MS + 1000 })
      await store.putIfAbsent(key, record)

      clock.advance(999)
      expect(await store.get(key)).toEqual(record)
      expect(await store.putIfAbsent(key, recordOf('v2'))).toBe(false)

      clock.advance(1)
      expect(await store.get(key)).toBeUndefined()
      expect(await store.compareAndSet(key, 'v1', recordOf('v3'))).toBe(false)
      expect(await store.deleteIf(key, 'v1')).toBe(false)
      expect(await store.putIfAbsent(key, recordOf('v4'))).toBe(true)
      expect(await store.get(key)).toEqual(recordOf('v4'))
    })

    test('a living record with an end is replaced and deleted like any other', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('v1', { expiresAtMs: NOW_MS + 1 }))

      expect(await store.compareAndSet(key, 'v1', recordOf('v2', { expiresAtMs: NOW_MS + 2 }))).toBe(true)
      expect(await store.deleteIf(key, 'v2')).toBe(true)
    })

    test('what one instance has written every other reads at once', async () => {
      const { store, key, clock } = open()
      const other = subject.open(clock)

      await store.putIfAbsent(key, recordOf('v1'))
      expect(await other.get(key)).toEqual(recordOf('v1'))
      await other.compareAndSet(key, 'v1', recordOf('v2'))
      expect(await store.get(key)).toEqual(recordOf('v2'))
      await store.deleteIf(key, 'v2')
      expect(await other.get(key)).toBeUndefined()
    })

    test('whoever writes on a stale read is refused, and the record stands', async () => {
      const { store, key, clock } = open()
      const other = subject.open(clock)
      await store.putIfAbsent(key, recordOf('v1'))
      const stale = await store.get(key)
      await other.compareAndSet(key, 'v1', recordOf('v2'))

      expect(await store.compareAndSet(key, String(stale?.version), recordOf('v3'))).toBe(false)
      expect(await store.deleteIf(key, String(stale?.version))).toBe(false)

      expect(await store.get(key)).toEqual(recordOf('v2'))
    })

    test('of many who put at once exactly one succeeds, and its record stands', async () => {
      const { store, key } = open()

      const winners = await race((index) => store.putIfAbsent(key, recordOf(`v${index}`)))

      expect(winners).toHaveLength(1)
      expect(await store.get(key)).toEqual(recordOf(`v${winners[0]}`))
    })

    test('of many who take over an expired record at once exactly one succeeds', async () => {
      const { store, key, clock } = open()
      await store.putIfAbsent(key, recordOf('old', { expiresAtMs: NOW_MS + 1 }))
      clock.advance(1)

      const winners = await race((index) => store.putIfAbsent(key, recordOf(`v${index}`)))

      expect(winners).toHaveLength(1)
      expect(await store.get(key)).toEqual(recordOf(`v${winners[0]}`))
    })

    test('of many who replace one version at once exactly one succeeds, and its record stands', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('old'))

      const winners = await race((index) => store.compareAndSet(key, 'old', recordOf(`v${index}`)))

      expect(winners).toHaveLength(1)
      expect(await store.get(key)).toEqual(recordOf(`v${winners[0]}`))
    })

    test('of many who delete one version at once exactly one succeeds', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('old'))

      expect(await race(() => store.deleteIf(key, 'old'))).toHaveLength(1)

      expect(await store.get(key)).toBeUndefined()
    })

    test('of many who replace or delete one version at once exactly one succeeds', async () => {
      const { store, key } = open()
      await store.putIfAbsent(key, recordOf('old'))

      const winners = await race((index) =>
        index % 2 ? store.deleteIf(key, 'old') : store.compareAndSet(key, 'old', recordOf(`v${index}`)),
      )

      expect(winners).toHaveLength(1)
    })

    describeStoreFaults(subject)
  })
}
