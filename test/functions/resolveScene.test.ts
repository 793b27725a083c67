import { describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import resolveScene from '../../functions/resolveScene/index.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { stateKeys } from '../support/keyRing.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, TIMER } from '../support/world.ts'

const PARAMS = { table: 7, menu: { lunch: true, dishes: ['tea', '面'] } }

async function createSceneWorld(environment: Readonly<Record<string, string>> = {}) {
  const world = await createWorld({ environment })
  const alice = world.wechatUser('alice')
  const bob = world.wechatUser('bob')
  const make = async (params: object = PARAMS) =>
    dataOf(await world.call(getQrCode, { params, width: 280 }, alice))
  return {
    world,
    bob,
    make,
    makeScene: async (params?: object) => (await make(params)).scene ?? '',
    resolve: (scene: unknown, origin: Origin = bob) => world.call(resolveScene, { scene }, origin),
  }
}

describe('whoever scans a code', () => {
  test('is told its parameters by the scene that the mini program is opened with', async () => {
    const { world, make, resolve } = await createSceneWorld()
    const { imageBase64 = '' } = await make()

    const { scene } = world.simulator.phone('bob').scan(Buffer.from(imageBase64, 'base64'))

    expect(dataOf(await resolve(scene))).toEqual({ params: PARAMS })
  })

  test('may leave the scene as query.scene has it', async () => {
    const { makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()
    const encoded = [...scene].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('')

    expect(dataOf(await resolve(encodeURIComponent(scene)))).toEqual({ params: PARAMS })
    expect(dataOf(await resolve(encoded))).toEqual({ params: PARAMS })
  })

  test('may be any user, here and over HTTP, and for as long as there are codes', async () => {
    const { world, makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()
    world.restart()
    world.clock.advance(20 * 365 * 86_400_000)

    expect(dataOf(await resolve(scene))).toEqual({ params: PARAMS })
    expect(dataOf(await resolve(scene, await world.logIn('carol')))).toEqual({ params: PARAMS })
  })

  test.each<[string, object]>([
    ['none', {}],
    ['4096 bytes', { a: 'x'.repeat(4088) }],
    ['every kind of value', { a: null, b: false, c: 0, d: -1.5e-7, e: '', f: [], g: [{}, [1, '"\\\n']] }],
    ['keys of any kind', { '': 1, 'a.b': 2, '10': 3, '9': 4, 桌: 5, toString: 6 }],
  ])('gets back %s as they were', async (_, params) => {
    const { makeScene, resolve } = await createSceneWorld()

    expect(dataOf(await resolve(await makeScene(params)))).toEqual({ params })
  })

  test('costs one read of the store', async () => {
    const { world, makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()
    const before = world.store.operations.length

    await resolve(scene)

    expect(world.store.operations.slice(before)).toEqual(['get'])
  })
})

describe('a scene that stands for no parameters', () => {
  test.each<[string, (scene: string) => string]>([
    ['that nobody made', () => 'AAAAAAAAAAAAAAAAAAAAAA'],
    ['with one character changed', (scene) => (scene.startsWith('A') ? 'B' : 'A') + scene.slice(1)],
    ['with its end changed', (scene) => scene.slice(0, -1) + (scene.endsWith('A') ? 'B' : 'A')],
    ['in the other case', (scene) => scene.toUpperCase() + (scene === scene.toUpperCase() ? 'x' : '')],
    ['that was cut', (scene) => scene.slice(0, -1)],
    ['with something behind it', (scene) => `${scene}A`],
    ['with an escape behind it', (scene) => `${scene}%3D`],
    ['of a code with a scene of its own', () => 'table=7'],
    ['that names another record', () => `x:scene:${'A'.repeat(22)}`],
    ['that names a property', () => 'constructor'],
  ])('%s is NOT_FOUND, and looks like all the others', async (_, change) => {
    const { makeScene, resolve } = await createSceneWorld()

    expect(await resolve(change(await makeScene()))).toEqual({
      ok: false,
      error: {
        code: 'NOT_FOUND',
        message: 'There is nothing under this name.',
        retryable: false,
        field: 'scene',
        requestId: expect.any(String),
      },
    })
  })

  test('is also what another mini program has made', async () => {
    const { world, makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()

    world.restart({ WECHAT_APP_ID: 'wxother' })

    expect(codeOf(await resolve(scene, { ...world.wechatUser('bob'), appId: 'wxother' } as Origin))).toBe(
      'NOT_FOUND',
    )
  })
})

describe('what cannot be a scene is refused before the store is asked', () => {
  test.each<[string, unknown, string]>([
    ['nothing', '', 'SCENE_INVALID'],
    ['33 characters', 'x'.repeat(33), 'SCENE_INVALID'],
    ['33 characters once decoded', '%3D'.repeat(33), 'SCENE_INVALID'],
    ['Chinese', '桌七', 'SCENE_INVALID'],
    ['a space', 'a b', 'SCENE_INVALID'],
    ['half an escape', 'a%2', 'SCENE_INVALID'],
    ['what is encoded twice', 'a%253Db', 'SCENE_INVALID'],
    ['a number', 7, 'INVALID_ARGUMENT'],
    ['an object', { $ne: '' }, 'INVALID_ARGUMENT'],
    ['a list', ['a'], 'INVALID_ARGUMENT'],
    ['null', null, 'INVALID_ARGUMENT'],
    ['no field', undefined, 'INVALID_ARGUMENT'],
    ['a lone surrogate', '\ud800', 'INVALID_ARGUMENT'],
    ['a NUL character', 'a\0', 'INVALID_ARGUMENT'],
  ])('%s', async (_, scene, code) => {
    const { world, resolve } = await createSceneWorld()

    expect(await resolve(scene)).toMatchObject({ ok: false, error: { code, field: 'scene' } })

    expect(world.store.operations).toEqual([])
  })

  test('a field beside it', async () => {
    const { world, bob } = await createSceneWorld()

    expect(await world.call(resolveScene, { scene: 'a', openid: 'o-eve' }, bob)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'openid' },
    })
  })
})

describe('who is no user', () => {
  test.each([
    ['nobody', NOBODY, 'UNAUTHENTICATED'],
    ['a server', SERVER, 'FORBIDDEN'],
    ['a timer', TIMER, 'FORBIDDEN'],
  ])('%s is told nothing', async (_, origin, code) => {
    const { world, makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()
    const before = world.store.operations.length

    const reply = await resolve(scene, origin)

    expect(codeOf(reply)).toBe(code)
    expect(JSON.stringify(reply)).not.toContain('table')
    expect(world.store.operations).toHaveLength(before)
  })
})

describe('when the parameters cannot be read', () => {
  test('because the store is down, the scene is not told to be unknown', async () => {
    const { world, makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()
    world.store.isDown = true

    expect(await resolve(scene)).toMatchObject({ error: { code: 'STATE_UNAVAILABLE', retryable: true } })

    world.store.isDown = false
    expect(codeOf(await resolve(scene))).toBe('OK')
  })

  test('because there is no store, the variable is named', async () => {
    const { world, makeScene, resolve } = await createSceneWorld()
    const scene = await makeScene()
    world.restart({ STATE_STORE: '' })

    expect(await resolve(scene)).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: 'STATE_STORE is missing.' },
    })
  })

  test('because their key was retired, the variable is named; under the key of before they are read', async () => {
    const { world, makeScene, resolve } = await createSceneWorld({ STATE_KEYS: stateKeys('k1') })
    const scene = await makeScene()

    world.restart({ STATE_KEYS: stateKeys('k2') })
    expect(await resolve(scene)).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') },
    })

    world.restart({ STATE_KEYS: stateKeys('k2', 'k1') })
    expect(dataOf(await resolve(scene))).toEqual({ params: PARAMS })
  })
})

test('neither the scene nor the parameters are in the log', async () => {
  const { world, makeScene, resolve } = await createSceneWorld()
  const scene = await makeScene({ note: 'canary-of-params' })
  await resolve(scene)
  await resolve('canary-of-scene')

  expect(world.logLines.join()).not.toMatch(/canary/)
  expect(world.logLines.join()).not.toContain(scene)
})
