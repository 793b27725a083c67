import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { KeyRing } from '../../shared/core/seal.ts'
import { Secret } from '../../shared/core/secret.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { createRecords } from '../../shared/state/records.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const keyOf = (id: string) => ({ id, material: new Secret(randomBytes(32).toString('base64')) })
const K1 = keyOf('k1')
const K2 = keyOf('k2')

type Process = { readonly appId?: string; readonly keys?: KeyRing }

function createState() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  /** What one process sees of the store. */
  const open = ({ appId = 'wx1', keys = new KeyRing([K1]) }: Process = {}) =>
    createRecords({ store, appId, keys, clock, random: promptRandom })

  return { clock, store, open, records: open() }
}

type Counter = { readonly count: number }

const next = (counter: Counter | undefined) => ({
  value: { count: (counter?.count ?? 0) + 1 },
  expiresAtMs: NOW_MS + 1000,
})

describe('a record', () => {
  test('is read back as it was written', async () => {
    const { records } = createState()
    const value = { text: '红茶 "\n😀', list: [1, null, { deep: true }], id: '1864323726461255681' }

    await records.write(records.empty('effect', 'a'), value)

    expect((await records.read('effect', 'a')).value).toEqual(value)
  })

  test('has a place that begins with the app id and then its kind', async () => {
    const { records, store } = createState()

    await records.write(records.empty('effect', 'a'), { n: 1 })

    expect(store.dump()).toMatch(/^wx1:effect:a /)
  })

  test('is sealed: nothing of it is readable at rest', async () => {
    const { records, store } = createState()
    const value = { sessionKey: 'canary-session-key' }

    await records.write(records.empty('account', 'a'), value)

    expect(store.dump()).not.toMatch(/canary|sessionKey/)
    expect(store.dump()).not.toContain(Buffer.from('canary-session-key').toString('base64').slice(0, 20))
  })

  test('is sealed anew each time', async () => {
    const { records, store } = createState()
    const slot = await records.write(records.empty<Counter>('effect', 'a'), { count: 1 })
    const first = (await store.get('wx1:effect:a'))?.body

    await records.write(slot ?? records.empty('effect', 'a'), { count: 1 })

    expect((await store.get('wx1:effect:a'))?.body).not.toBe(first)
  })

  test.each([
    ['another kind', 'wx1:account:a'],
    ['another id', 'wx1:effect:b'],
    ['another app', 'wx2:effect:a'],
  ])('that was moved to %s has no value there', async (_, place) => {
    const { records, store, open } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 })
    const stored = await store.get('wx1:effect:a')
    if (stored) await store.putIfAbsent(place, stored)
    const [appId = '', kind = '', id = ''] = place.split(':')

    const slot = await open({ appId }).read(kind as 'effect', id)

    expect(slot).toEqual({ key: place, version: stored?.version })
  })

  test('is not there for another mini program that shares the table', async () => {
    const { records, open } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 })

    expect(await open({ appId: 'wx2' }).read('effect', 'a')).toEqual({ key: 'wx2:effect:a' })
  })

  test('ends when its time is over', async () => {
    const { records, clock } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 }, NOW_MS + 1000)

    clock.advance(999)
    expect((await records.read('effect', 'a')).value).toEqual({ n: 1 })
    clock.advance(1)
    expect(await records.read('effect', 'a')).toEqual({ key: 'wx1:effect:a' })
  })
})

describe('keys in turn', () => {
  test('the old key still opens, and what is written anew has the new one', async () => {
    const { open, store } = createState()
    await open().update<Counter>('effect', 'a', next)
    const rotated = open({ keys: new KeyRing([K2, K1]) })

    await rotated.update<Counter>('effect', 'a', next)

    expect((await rotated.read<Counter>('effect', 'a')).value).toEqual({ count: 2 })
    expect((await store.get('wx1:effect:a'))?.body).toMatch(/^v1\.k2\./)
  })

  test('what a retired key has sealed has no value, and can be replaced', async () => {
    const { open } = createState()
    await open().update<Counter>('effect', 'a', next)
    const later = open({ keys: new KeyRing([K2]) })

    const slot = await later.read<Counter>('effect', 'a')

    expect(slot).toEqual({ key: 'wx1:effect:a', version: expect.any(String) })
    expect(await later.write(slot, { count: 7 })).toMatchObject({ value: { count: 7 } })
  })
})

describe('a write', () => {
  test('into a slot that was thought empty fails when it is not, and changes nothing', async () => {
    const { records } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 })

    expect(await records.write(records.empty('effect', 'a'), { n: 2 })).toBeUndefined()

    expect((await records.read('effect', 'a')).value).toEqual({ n: 1 })
  })

  test('fails when somebody has written since the read, and changes nothing', async () => {
    const { records, open } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 })
    const seen = await records.read('effect', 'a')
    const other = open()
    await other.write(await other.read('effect', 'a'), { n: 2 })

    expect(await records.write(seen, { n: 3 })).toBeUndefined()

    expect((await records.read('effect', 'a')).value).toEqual({ n: 2 })
  })

  test('gives the slot for the next one', async () => {
    const { records } = createState()
    const first = await records.write(records.empty<Counter>('effect', 'a'), { count: 1 })

    expect(first && (await records.write(first, { count: 2 }))).toMatchObject({ value: { count: 2 } })
  })

  test('after the record has ended fails, and brings nothing back', async () => {
    const { records, clock } = createState()
    const slot = await records.write(records.empty<Counter>('effect', 'a'), { count: 1 }, NOW_MS + 1000)
    clock.advance(1000)

    expect(slot && (await records.write(slot, { count: 2 }))).toBeUndefined()

    expect(await records.read('effect', 'a')).toEqual({ key: 'wx1:effect:a' })
  })

  test('of sixty-four at once into an empty slot succeeds once', async () => {
    const { open } = createState()

    const slots = await Promise.all(
      Array.from({ length: 64 }, (_, n) => {
        const records = open()
        return records.write(records.empty('effect', 'a'), { n })
      }),
    )

    const winners = slots.filter((slot) => slot !== undefined)
    expect(winners).toHaveLength(1)
    expect((await open().read('effect', 'a')).value).toEqual(winners[0]?.value)
  })
})

describe('a removal', () => {
  test('takes away what was read', async () => {
    const { records } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 })

    expect(await records.remove(await records.read('effect', 'a'))).toBe(true)

    expect(await records.read('effect', 'a')).toEqual({ key: 'wx1:effect:a' })
  })

  test('leaves what somebody has written since', async () => {
    const { records } = createState()
    const seen = await records.write(records.empty('effect', 'a'), { n: 1 })
    await records.write(await records.read('effect', 'a'), { n: 2 })

    expect(seen && (await records.remove(seen))).toBe(false)

    expect((await records.read('effect', 'a')).value).toEqual({ n: 2 })
  })

  test('of nothing is none', async () => {
    const { records, store } = createState()

    expect(await records.remove(records.empty('effect', 'a'))).toBe(false)

    expect(store.operations).toEqual([])
  })
})

describe('an update', () => {
  test('of a hundred at once in one process loses none, and none contends with another', async () => {
    const { records, store } = createState()

    await Promise.all(Array.from({ length: 100 }, () => records.update<Counter>('effect', 'a', next)))

    expect((await records.read<Counter>('effect', 'a')).value).toEqual({ count: 100 })
    expect(store.operations).toHaveLength(2 * 100 + 1)
  })

  test('of two processes at once loses none', async () => {
    const { open } = createState()
    const processes = [open(), open()]

    await Promise.all(
      Array.from({ length: 40 }, (_, index) => processes[index % 2]?.update<Counter>('effect', 'a', next)),
    )

    expect((await open().read<Counter>('effect', 'a')).value).toEqual({ count: 40 })
  })

  test('of one record does not wait for that of another', async () => {
    const { store, clock } = createState()
    const stuck = {
      ...store,
      get: (key: string) => (key.endsWith(':a') ? new Promise<never>(() => undefined) : store.get(key)),
    }
    const keys = new KeyRing([K1])
    const records = createRecords({ store: stuck, appId: 'wx1', keys, clock, random: promptRandom })

    void records.update<Counter>('effect', 'a', next)
    await records.update<Counter>('effect', 'b', next)

    expect((await records.read<Counter>('effect', 'b')).value).toEqual({ count: 1 })
  })

  test('that changes nothing writes nothing', async () => {
    const { records, store } = createState()

    await records.update<Counter>('effect', 'a', () => undefined)

    expect(store.operations).toEqual(['get'])
  })

  test('gives up when others are always first', async () => {
    const { records, store } = createState()
    let rivals = 0
    await store.putIfAbsent('wx1:effect:a', { version: 'rival-0', body: 'of a rival' })

    const update = records.update<Counter>('effect', 'a', (counter) => {
      const record = { version: `rival-${rivals + 1}`, body: 'of a rival' }
      void store.compareAndSet('wx1:effect:a', `rival-${rivals++}`, record)
      return next(counter)
    })

    await expect(update).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    expect(rivals).toBe(8)
    expect(await store.get('wx1:effect:a')).toEqual({ version: 'rival-8', body: 'of a rival' })
  })

  test('that fails does not hold up the next one', async () => {
    const { records } = createState()
    const failing = records.update<Counter>('effect', 'a', () => {
      throw new RangeError('a fault of the program')
    })
    const following = records.update<Counter>('effect', 'a', next)

    await expect(failing).rejects.toThrow(RangeError)
    await following

    expect((await records.read<Counter>('effect', 'a')).value).toEqual({ count: 1 })
  })
})

test.each(['read', 'write', 'update'] as const)(
  'a %s while the store is down is STATE_UNAVAILABLE',
  async (operation) => {
    const { records, store } = createState()
    store.isDown = true
    const attempts = {
      read: () => records.read('effect', 'a'),
      write: () => records.write(records.empty('effect', 'a'), { n: 1 }),
      update: () => records.update<Counter>('effect', 'a', next),
    }

    await expect(attempts[operation]()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(store.dump()).toBe('')
  },
)

describe('a sweep', () => {
  test('asks the store for a bounded part of what ended an hour ago', async () => {
    const { store, open, clock } = createState()
    const asked: unknown[] = []
    Object.assign(store, {
      sweep: async (...arguments_: unknown[]) => {
        asked.push(arguments_)
        return 7
      },
    })
    clock.advance(5000)

    expect(await open().sweep()).toBe(7)

    expect(asked).toEqual([[NOW_MS + 5000 - 3_600_000, 500]])
  })

  test('removes nothing where the store cleans up by itself', async () => {
    const { records, clock } = createState()
    await records.write(records.empty('effect', 'a'), { n: 1 }, NOW_MS + 1)
    clock.advance(7_200_000)

    expect(await records.sweep()).toBe(0)
  })
})
