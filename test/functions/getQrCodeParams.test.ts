import { describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import resolveScene from '../../functions/resolveScene/index.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { invoke } from '../../shared/function/invoke.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { stateKeys } from '../support/keyRing.ts'
import { createListedStore } from '../support/listedStore.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createStoppable } from '../support/stoppable.ts'
import { createTestClock } from '../support/testClock.ts'
import { codeOf, createWorld, dataOf, SERVER } from '../support/world.ts'
import { createStoreWithFaults, type StoreFault } from './faults/storeWithFaults.ts'

const UNLIMITED = '/wxa/getwxacodeunlimit'
const PARAMS = { table: 7, menu: { lunch: true, dishes: ['tea', '面'] } }
const SAME = { menu: { dishes: ['tea', '面'], lunch: true }, table: 7 }
const HANDLE = /^[A-Za-z0-9_-]{22}$/
const TIMEOUT_MS = 120_000

async function createParamsWorld(environment: Environment = {}) {
  const clock = createTestClock()
  const listed = createListedStore(createMemoryStore(clock))
  const store = createStoreWithFaults(listed, clock)
  const world = await createWorld({
    environment,
    effects: { clock, memoryStore: store, random: promptRandom },
  })
  const { simulator } = world
  const alice = world.wechatUser('alice')
  await world.runtime.accessTokens().current(clock.nowMs() + 5000)
  store.heal()

  const make = (params: unknown = PARAMS, options: object = {}, origin: Origin = alice) =>
    world.call(getQrCode, { params, width: 280, ...options }, origin)
  const resolve = async (scene: string | undefined) =>
    dataOf(await world.call(resolveScene, { scene }, alice)).params
  return {
    world,
    clock,
    store,
    simulator,
    make,
    resolve,
    list: listed.list,
    asked: () => simulator.requests(UNLIMITED).length,
    /** The scenes of all codes that WeChat was asked for: each of them may hang on a wall by now. */
    scenesAsked: () => simulator.requests(UNLIMITED).map(({ body }) => String(JSON.parse(body).scene)),
    /** What a camera makes of the code, by way of the scene. */
    scan: ({ imageBase64 = '' }: { imageBase64?: string }) =>
      resolve(simulator.phone('bob').scan(Buffer.from(imageBase64, 'base64')).scene),
  }
}

describe('a code for parameters', () => {
  test('leads a camera to its page, and by its scene to the parameters', async () => {
    const { make, simulator, scan } = await createParamsWorld()

    const data = dataOf(await make(PARAMS, { page: 'pages/order/detail' }))

    expect(data).toEqual({
      contentType: 'image/jpeg',
      imageBase64: expect.any(String),
      scene: expect.stringMatching(HANDLE),
      cached: false,
    })
    expect(simulator.phone('bob').scan(Buffer.from(data.imageBase64 ?? '', 'base64'))).toEqual({
      path: 'pages/order/detail',
      scene: data.scene,
    })
    expect(await scan(data)).toEqual(PARAMS)
  })

  test('is made once, in whatever order the keys come, for everybody and after a restart', async () => {
    const { world, make, asked } = await createParamsWorld()
    const first = dataOf(await make())
    world.restart()

    expect(dataOf(await make(SAME))).toEqual({ ...first, cached: true })
    expect(dataOf(await make(SAME, {}, SERVER))).toEqual({ ...first, cached: true })
    expect(asked()).toBe(1)
  })

  test.each([
    ['width', { width: 300 }],
    ['page', { page: 'pages/order/detail' }],
    ['version', { envVersion: 'trial' }],
  ])('of another %s is another code under the same handle', async (_, options) => {
    const { make, asked, scan, list } = await createParamsWorld()
    const first = dataOf(await make())

    const second = dataOf(await make(SAME, options))

    expect(second).toMatchObject({ scene: first.scene, cached: false })
    expect(await scan(second)).toEqual(PARAMS)
    expect(asked()).toBe(2)
    expect(await list('scene')).toHaveLength(1)
  })

  test('is found in the cache by its handle as well', async () => {
    const { world, make, asked } = await createParamsWorld()
    const { scene, imageBase64 } = dataOf(await make())

    const reply = await world.call(getQrCode, { scene, width: 280 }, world.wechatUser('carol'))

    expect(dataOf(reply)).toMatchObject({ scene, imageBase64, cached: true })
    expect(asked()).toBe(1)
  })

  test('of other parameters has another handle', async () => {
    const { make, scan } = await createParamsWorld()
    const first = dataOf(await make({ table: 7 }))
    const second = dataOf(await make({ table: 8 }))

    expect(second.scene).not.toBe(first.scene)
    expect([await scan(first), await scan(second)]).toEqual([{ table: 7 }, { table: 8 }])
  })

  test('keeps its handle when the image is no longer cached', async () => {
    const { clock, make } = await createParamsWorld()
    const { scene } = dataOf(await make())
    clock.advance(31 * 86_400_000)

    expect(dataOf(await make())).toMatchObject({ scene, cached: false })
  })

  test.each([
    ['4096 bytes', { a: 'x'.repeat(4088) }],
    ['4096 bytes of Chinese', { a: `${'桌'.repeat(1362)}xx` }],
    ['no key', {}],
  ])('may be made for params of %s', async (_, params) => {
    const { make, scan } = await createParamsWorld()

    expect(await scan(dataOf(await make(params)))).toEqual(params)
  })

  test.each([
    ['that WeChat refuses', { errcode: 41030 }, 'PAGE_INVALID'],
    ['that WeChat does not answer', { status: 503, times: 3 }, 'UPSTREAM_UNAVAILABLE'],
  ])('%s has its handle for the next time', async (_, fault, code) => {
    const { make, simulator, scenesAsked, scan } = await createParamsWorld()
    simulator.faults.add({ path: UNLIMITED, ...fault })
    expect(codeOf(await make())).toBe(code)

    const data = dataOf(await make())

    expect(new Set(scenesAsked())).toEqual(new Set([data.scene]))
    expect(await scan(data)).toEqual(PARAMS)
  })
})

describe('what a code for parameters asks of the store', () => {
  const CASES: readonly (readonly [string, object | undefined, readonly string[]])[] = [
    [
      'new',
      undefined,
      [
        'get sceneHandle',
        'get budget',
        'putIfAbsent budget',
        'putIfAbsent scene',
        'putIfAbsent sceneHandle',
        'putIfAbsent qrCode',
      ],
    ],
    ['made before', {}, ['get sceneHandle', 'get qrCode']],
    [
      'of another width',
      { width: 300 },
      ['get sceneHandle', 'get qrCode', 'get budget', 'compareAndSet budget', 'putIfAbsent qrCode'],
    ],
  ]

  test.each(CASES)('%s', async (_, options, operations) => {
    const { store, make } = await createParamsWorld()
    if (options) dataOf(await make())
    store.heal()

    dataOf(await make(SAME, options))

    expect(store.operations).toEqual(operations)
  })

  test('by a server', async () => {
    const { store, make } = await createParamsWorld()

    dataOf(await make(PARAMS, {}, SERVER))

    expect(store.operations).toEqual([
      'get sceneHandle',
      'putIfAbsent scene',
      'putIfAbsent sceneHandle',
      'putIfAbsent qrCode',
    ])
  })
})

describe('the budget of a user', () => {
  test('is spent before anything is kept: beyond it the registry does not grow', async () => {
    const { make, list, asked } = await createParamsWorld({ USER_CODES_PER_DAY: '2' })
    for (let table = 1; table <= 20; table++) await make({ table })

    expect(codeOf(await make({ table: 21 }))).toBe('QUOTA_EXCEEDED')

    expect(await list('scene')).toHaveLength(2)
    expect(await list('sceneHandle')).toHaveLength(2)
    expect(asked()).toBe(2)
  })

  test('is not spent by a code that was made before', async () => {
    const { make } = await createParamsWorld({ USER_CODES_PER_DAY: '2' })
    await make()
    for (let repeat = 0; repeat < 5; repeat++) expect(dataOf(await make(SAME)).cached).toBe(true)

    expect(codeOf(await make({ table: 8 }))).toBe('OK')
  })

  test.each([0, 1, 2])('that cannot be counted (%i) keeps nothing', async (at) => {
    const { store, make, list, asked } = await createParamsWorld()
    store.strike('down', at)

    expect(codeOf(await make())).toBe('STATE_UNAVAILABLE')

    expect([await list('scene'), await list('sceneHandle'), asked()]).toEqual([[], [], 0])
  })

  test.each([3, 4])('is given back when the parameters cannot be kept (%i)', async (at) => {
    const { store, make } = await createParamsWorld({ USER_CODES_PER_DAY: '1' })
    store.strike('answerLost', at)
    expect(codeOf(await make())).toBe('STATE_UNAVAILABLE')
    store.heal()

    expect(codeOf(await make())).toBe('OK')
  })

  test('lets sixty-four calls at once keep no more than it allows', async () => {
    const { make, list, asked } = await createParamsWorld({ USER_CODES_PER_DAY: '3' })

    const codes = (await Promise.all(Array.from({ length: 64 }, (_, table) => make({ table })))).map(codeOf)

    expect(codes.filter((code) => code === 'OK')).toHaveLength(3)
    expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(61)
    expect(await list('scene')).toHaveLength(3)
    expect(asked()).toBe(3)
  })
})

describe('without a store', () => {
  test.each<StoreFault>(['down', 'slow'])('that is %s WeChat is not asked', async (fault) => {
    const { store, make, asked } = await createParamsWorld()
    store.strike(fault, 0)

    expect(await make()).toMatchObject({ error: { code: 'STATE_UNAVAILABLE', retryable: true } })

    expect(asked()).toBe(0)
  })

  test('that was configured WeChat is not asked, and the variable is named', async () => {
    const { world, make, asked } = await createParamsWorld()
    world.restart({ STATE_STORE: '' })

    expect(await make()).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: 'STATE_STORE is missing.' },
    })

    expect(asked()).toBe(0)
  })

  test('that takes writes, a code whose parameters are kept already is made all the same', async () => {
    const { store, make, scan } = await createParamsWorld()
    const { scene } = dataOf(await make())
    store.strike('throttled', 0)

    const data = dataOf(await make(PARAMS, { width: 300 }))

    expect(data).toMatchObject({ scene, cached: false })
    store.heal()
    expect(await scan(data)).toEqual(PARAMS)
  })
})

describe('sixty-four equal requests at once', () => {
  test('in one process get codes that all resolve, under one handle and one record', async () => {
    const { make, resolve, scan, list, scenesAsked } = await createParamsWorld()

    const codes = (await Promise.all(Array.from({ length: 64 }, () => make()))).map(dataOf)

    const scenes = new Set(codes.map(({ scene }) => scene))
    expect(scenes.size).toBe(1)
    for (const scene of [...scenes, ...scenesAsked()]) expect(await resolve(scene)).toEqual(PARAMS)
    expect(await scan(codes[63] ?? {})).toEqual(PARAMS)
    expect(await list('scene')).toHaveLength(1)
    expect(await list('sceneHandle')).toHaveLength(1)
    expect(dataOf(await make())).toMatchObject({ scene: codes[0]?.scene, cached: true })
  })

  test('in as many processes do so too', async () => {
    const { world, resolve, list, scenesAsked } = await createParamsWorld()
    const call = { origin: SERVER, input: { value: { params: PARAMS, width: 280 } }, requestId: 'r' }

    const replies = await Promise.all(
      Array.from({ length: 64 }, () =>
        invoke(
          getQrCode,
          call,
          world.boot(() => ({})),
        ),
      ),
    )

    const scenes = new Set(replies.map((reply) => (dataOf(reply) as { scene?: string }).scene))
    expect(scenes.size).toBe(1)
    for (const scene of [...scenes, ...scenesAsked()]) expect(await resolve(scene)).toEqual(PARAMS)
    expect(await list('scene')).toHaveLength(1)
  })
})

describe('a process that stops at any point', () => {
  /** Visits every point at which the call waits, each in a world of its own; returns their names. */
  async function atEveryPoint(
    visit: (
      made: Awaited<ReturnType<typeof createParamsWorld>> & {
        readonly first: ReturnType<typeof invoke>
        readonly thaw: () => void
      },
    ) => Promise<void>,
  ): Promise<string[]> {
    const names: string[] = []
    for (;;) {
      const made = await createParamsWorld()
      const process = createStoppable(names.length)
      const input = { value: { params: PARAMS, width: 280 } }
      const call = { origin: made.world.wechatUser('alice'), input, requestId: 'request-1' }
      const first = invoke(getQrCode, call, made.world.boot(process.wrap))
      await Promise.race([first, process.stopped])
      if (process.stoppedAt === undefined) return names

      names.push(process.stoppedAt)
      await visit({ ...made, first, thaw: process.thaw })
    }
  }

  test(
    'leaves no code behind that leads nowhere, and the next process makes one',
    async () => {
      const names = await atEveryPoint(async ({ make, resolve, scan, list, scenesAsked }) => {
        const data = dataOf(await make(SAME))

        expect(await scan(data)).toEqual(PARAMS)
        for (const scene of scenesAsked()) expect(await resolve(scene)).toEqual(PARAMS)
        expect(new Set(scenesAsked()).size).toBe(1)
        expect(await list('sceneHandle')).toHaveLength(1)
        expect((await list('scene')).length).toBeLessThanOrEqual(2)
        expect(dataOf(await make())).toEqual({ ...data, cached: true })
      })

      for (const point of [
        'before get sceneHandle',
        'before putIfAbsent budget',
        'after putIfAbsent scene',
        'before putIfAbsent sceneHandle',
        'after putIfAbsent sceneHandle',
        `after send ${UNLIMITED}`,
        'after putIfAbsent qrCode',
      ]) {
        expect(names).toContain(point)
      }
    },
    TIMEOUT_MS,
  )

  test(
    'and goes on when another has made the code tells the same handle',
    async () => {
      await atEveryPoint(async ({ make, resolve, list, scenesAsked, first, thaw }) => {
        const { scene } = dataOf(await make())
        thaw()

        expect(dataOf(await first)).toMatchObject({ scene })
        for (const asked of scenesAsked()) expect(await resolve(asked)).toEqual(PARAMS)
        expect(await list('scene')).toHaveLength(1)
      })
    },
    TIMEOUT_MS,
  )
})

describe('a store that fails at any of its operations', () => {
  const FAULTS: readonly StoreFault[] = ['down', 'throttled', 'answerLost', 'overtaken', 'contended']

  test.each(FAULTS)('%s, leaves no code behind that leads nowhere', async (fault) => {
    for (let at = 0; at < 7; at++) {
      const { store, make, resolve, scan, scenesAsked } = await createParamsWorld()
      store.strike(fault, at)

      const code = codeOf(await make())

      store.heal()
      expect(['OK', 'STATE_UNAVAILABLE']).toContain(code)
      for (const scene of scenesAsked()) expect(await resolve(scene)).toEqual(PARAMS)
      expect(await scan(dataOf(await make(SAME)))).toEqual(PARAMS)
      expect(new Set(scenesAsked()).size).toBe(1)
    }
  })
})

describe('when the keys change', () => {
  test('equal parameters keep their handle, and the cached code', async () => {
    const { world, make, scan } = await createParamsWorld({ STATE_KEYS: stateKeys('k1') })
    const first = dataOf(await make())

    world.restart({ STATE_KEYS: stateKeys('k2', 'k1') })

    expect(dataOf(await make())).toEqual({ ...first, cached: true })
    expect(dataOf(await make(PARAMS, { width: 300 }))).toMatchObject({ scene: first.scene, cached: false })
    expect(await scan(first)).toEqual(PARAMS)
  })

  test('and that of the handle was retired, no other is made', async () => {
    const { world, make, asked, list } = await createParamsWorld({ STATE_KEYS: stateKeys('k1') })
    await make()
    world.restart({ STATE_KEYS: stateKeys('k2') })

    expect(await make()).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') },
    })

    expect(asked()).toBe(1)
    expect(await list('scene')).toHaveLength(1)
  })
})

test('neither parameters nor handles are in the log', async () => {
  const { world, make } = await createParamsWorld()
  const { scene = '' } = dataOf(await make({ note: 'canary-of-params' }))

  expect(world.logLines.join()).not.toContain('canary')
  expect(world.logLines.join()).not.toContain(scene)
})
