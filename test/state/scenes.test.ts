import { describe, expect, test } from 'vitest'
import { checkScene } from '../../shared/core/scene.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { Random } from '../../shared/ports/random.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { createRecords } from '../../shared/state/records.ts'
import { findSceneHandle, keepSceneParams, readSceneParams } from '../../shared/state/scenes.ts'
import { keyRing } from '../support/keyRing.ts'
import { createListedStore } from '../support/listedStore.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const YEAR_MS = 365 * 86_400_000
const PARAMS = { table: 7, menu: { lunch: true, dishes: ['tea', '面'] } }
const SAME = { menu: { dishes: ['tea', '面'], lunch: true }, table: 7 }
const RETIRED = { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') }

function createScenes(random: Random = promptRandom) {
  const clock = createTestClock()
  const store = createListedStore(createMemoryStore(clock))
  const tested = createTestStore(store)
  /** As a process of its own sees them. */
  const open = ({ appId = 'wx1', keys = ['k1'], over = tested as StateStore } = {}) => {
    const [first = 'k1', ...others] = keys
    const ring = keyRing(first, ...others)
    const records = createRecords({ store: over, appId, keys: ring, clock, random })
    return {
      find: (params: object) => findSceneHandle(records, { ...params }),
      keep: (params: object) => keepSceneParams({ records, random }, { ...params }),
      read: (scene: string) => readSceneParams(records, scene),
    }
  }
  return { clock, store, tested, open, ...open() }
}

describe('parameters', () => {
  test('are kept under a handle that a code can carry, and found by it', async () => {
    const { keep, read } = createScenes()

    const handle = await keep(PARAMS)

    expect(handle).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(() => checkScene(handle)).not.toThrow()
    expect(await read(handle)).toEqual(PARAMS)
  })

  test('are kept for good', async () => {
    const { clock, keep, find, read } = createScenes()
    const handle = await keep(PARAMS)

    clock.advance(20 * YEAR_MS)

    expect(await find(PARAMS)).toBe(handle)
    expect(await read(handle)).toEqual(PARAMS)
  })

  test('have one handle in whatever order their keys come, in every process', async () => {
    const { open, keep, find } = createScenes()
    const handle = await keep(PARAMS)

    expect(await find(SAME)).toBe(handle)
    expect(await open().keep(SAME)).toBe(handle)
  })

  test.each<[string, object]>([
    ['another value', { table: 8 }],
    ['the same value as text', { table: '7' }],
    ['one more key', { table: 7, seat: null }],
    ['no key at all', {}],
  ])('with %s have another handle', async (_, other) => {
    const { keep, find, read } = createScenes()
    const handle = await keep({ table: 7 })
    expect(await find(other)).toBeUndefined()

    const another = await keep(other)

    expect(another).not.toBe(handle)
    expect(await read(another)).toEqual(other)
  })

  test('are each mini program its own', async () => {
    const { open, keep } = createScenes()
    const handle = await keep(PARAMS)
    const other = open({ appId: 'wx2' })

    expect(await other.find(PARAMS)).toBeUndefined()
    expect(await other.read(handle)).toBeUndefined()
    expect(await other.keep(PARAMS)).not.toBe(handle)
  })

  test('cannot be read where they are kept, nor can their handle', async () => {
    const { tested, keep } = createScenes()

    await keep({ note: 'canary-of-params' })

    expect(tested.dump()).not.toContain('canary')
  })

  test('take two writes to keep, and one read to find or to resolve', async () => {
    const { tested, keep, find, read } = createScenes()

    await find(PARAMS)
    const handle = await keep(PARAMS)
    await read(handle)

    expect(tested.operations).toEqual(['get', 'putIfAbsent', 'putIfAbsent', 'get'])
  })
})

describe('a handle', () => {
  test('is made of 128 random bits, so that no two are alike', async () => {
    const drawn: number[] = []
    const { keep } = createScenes({
      ...promptRandom,
      bytes(length) {
        drawn.push(length)
        return promptRandom.bytes(length)
      },
    })

    const handles = await Promise.all(Array.from({ length: 500 }, (_, table) => keep({ table })))

    expect(new Set(handles).size).toBe(500)
    expect(drawn.filter((length) => length === 16)).toHaveLength(500)
  })

  test('never takes the place of another', async () => {
    const { keep, read } = createScenes({ ...promptRandom, bytes: (length) => new Uint8Array(length) })
    const handle = await keep({ table: 7 })

    await expect(keep({ table: 8 })).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(await read(handle)).toEqual({ table: 7 })
  })

  test.each(['', 'table-7', 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}=`, `${'A'.repeat(21)}:`])(
    'is nothing that looks like %j, and the store is not asked',
    async (scene) => {
      const { tested, read } = createScenes()

      expect(await read(scene)).toBeUndefined()

      expect(tested.operations).toEqual([])
    },
  )

  test('that was changed in any one character leads nowhere', async () => {
    const { keep, read } = createScenes()
    const handle = await keep(PARAMS)

    for (let at = 0; at < handle.length; at++) {
      const changed = handle.slice(0, at) + (handle[at] === 'A' ? 'B' : 'A') + handle.slice(at + 1)
      expect(await read(changed)).toBeUndefined()
    }
  })
})

describe('when the keys change', () => {
  test('what was kept is found under the key of before', async () => {
    const { open, keep } = createScenes()
    const handle = await keep(PARAMS)
    const rotated = open({ keys: ['k2', 'k1'] })

    expect(await rotated.find(SAME)).toBe(handle)
    expect(await rotated.keep(SAME)).toBe(handle)
    expect(await rotated.read(handle)).toEqual(PARAMS)
  })

  test('and that of before is retired, what it sealed is missed by name and not begun anew', async () => {
    const { open, keep, store } = createScenes()
    const handle = await keep(PARAMS)
    const retired = open({ keys: ['k2'] })

    await expect(retired.find(PARAMS)).rejects.toMatchObject(RETIRED)
    await expect(retired.keep(PARAMS)).rejects.toMatchObject(RETIRED)
    await expect(retired.read(handle)).rejects.toMatchObject(RETIRED)

    expect(await store.list('sceneHandle')).toHaveLength(1)
    expect(await open({ keys: ['k2', 'k1'] }).read(handle)).toEqual(PARAMS)
  })
})

describe('sixty-four processes that keep equal parameters at once', () => {
  test('get one handle and leave one record, in each of two hundred rounds', async () => {
    const { store, open } = createScenes()
    const processes = Array.from({ length: 64 }, () => open())

    for (let round = 0; round < 200; round++) {
      const handles = await Promise.all(processes.map(({ keep }) => keep({ round })))

      expect(new Set(handles).size).toBe(1)
      expect(await store.list('scene')).toHaveLength(round + 1)
      expect(await store.list('sceneHandle')).toHaveLength(round + 1)
    }
  }, 120_000)

  test('while the store is slow to each of them differently do so too', async () => {
    for (let round = 0; round < 20; round++) {
      const { store, open } = createScenes()
      const processes = Array.from({ length: 64 }, (_, n) => open({ over: unevenly(store, round + n) }))

      const handles = await Promise.all(processes.map(({ keep }) => keep(PARAMS)))

      expect(new Set(handles).size).toBe(1)
      expect(await store.list('scene')).toHaveLength(1)
      expect(await processes[0]?.read(handles[0] ?? '')).toEqual(PARAMS)
    }
  })
})

/** A store that takes a few turns of the event loop before and after each operation. */
function unevenly(store: StateStore, start: number): StateStore {
  let seed = start
  async function wait(): Promise<void> {
    seed = (seed * 5 + 3) % 256
    for (let turn = 0; turn < seed % 7; turn++) await new Promise(setImmediate)
  }
  const around =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await wait()
      const result = await work(...args)
      await wait()
      return result
    }
  return {
    get: around(store.get),
    putIfAbsent: around(store.putIfAbsent),
    compareAndSet: around(store.compareAndSet),
    deleteIf: around(store.deleteIf),
  }
}

describe('where the answer of the store is lost', () => {
  test.each([
    ['before a handle was claimed, nobody was told one', 0, 0],
    ['after a handle was claimed, it leads to the parameters', 1, 1],
  ])('%s', async (_, at, claimed) => {
    const { store, open } = createScenes()
    let writes = 0
    const losing: StateStore = {
      ...store,
      async putIfAbsent(key, record) {
        await store.putIfAbsent(key, record)
        if (writes++ === at) throw new Error('lost')
        return true
      },
    }
    await expect(open({ over: losing }).keep(PARAMS)).rejects.toThrow('lost')
    expect(await store.list('sceneHandle')).toHaveLength(claimed)

    const { keep, read } = open()
    expect(await read(await keep(PARAMS))).toEqual(PARAMS)
  })

  test('and the claim seems to be taken although it is ours, it stays ours', async () => {
    const { store, open } = createScenes()
    const doubting: StateStore = {
      ...store,
      putIfAbsent: async (key, record) =>
        (await store.putIfAbsent(key, record)) && !key.includes(':sceneHandle:'),
    }

    const handle = await open({ over: doubting }).keep(PARAMS)

    expect(await open().read(handle)).toEqual(PARAMS)
    expect(await open().find(PARAMS)).toBe(handle)
  })

  test('and parameters cannot be taken back, the handle of the other is told all the same', async () => {
    const { tested, open } = createScenes()
    const winner = await open().keep(PARAMS)
    const clinging: StateStore = {
      ...tested,
      deleteIf: async () => {
        throw new Error('down')
      },
    }

    expect(await open({ over: clinging }).keep(PARAMS)).toBe(winner)
  })
})
