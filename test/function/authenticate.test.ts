import { describe, expect, test } from 'vitest'
import checkSession from '../../functions/checkSession/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import { sha256Base64Url } from '../../shared/core/digest.ts'
import type { Access, Origin } from '../../shared/function/caller.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { probe } from '../support/probe.ts'
import { createTestClock } from '../support/testClock.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, SERVER_KEY, TIMER } from '../support/world.ts'

const UNKNOWN_TOKEN = { kind: 'bearer', token: `${'a'.repeat(22)}.${'b'.repeat(43)}` } as const
const SERVER_BEARER: Origin = { kind: 'bearer', token: SERVER_KEY }

describe('a caller is', () => {
  test('the user whom the platform vouches for', async () => {
    const world = await createWorld()
    const origin = { ...world.wechatUser('alice', ['cloudID']), unionid: 'u1' }

    expect(dataOf(await world.call(probe(), {}, origin)).caller).toEqual({
      kind: 'user',
      openid: world.simulator.phone('alice').openid,
      unionid: 'u1',
      vouchedFields: new Set(['cloudID']),
    })
  })

  test('the user whom our own token stands for, with nothing vouched for by the platform', async () => {
    const world = await createWorld()
    const { openid, unionid } = world.simulator.phone('alice')

    const { caller } = dataOf(await world.call(probe({ access: ['user'] }), {}, await world.logIn('alice')))

    expect(caller).toMatchObject({ kind: 'user', openid, unionid, vouchedFields: new Set() })
  })

  test.each<[string, Origin, Access]>([
    ['a server by its platform', SERVER, 'server'],
    ['a server by its key', SERVER_BEARER, 'server'],
    ['a timer', TIMER, 'timer'],
    ['nobody in particular', NOBODY, 'anonymous'],
    ['nobody in particular, with a text that is no token', { kind: 'bearer', token: 'abc' }, 'anonymous'],
  ])('%s', async (_, origin, kind) => {
    const world = await createWorld()

    expect(dataOf(await world.call(probe(), {}, origin)).caller).toEqual({ kind })
  })
})

test('a caller whom nothing is asked of is anonymous, and the token that came along is not looked up', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  const before = world.store.operations.length

  for (const origin of [alice, UNKNOWN_TOKEN])
    expect(dataOf(await world.call(probe(), {}, origin)).caller).toEqual({
      kind: 'anonymous',
      claimedSessionId: sha256Base64Url(origin.token),
    })
  expect(world.store.operations).toHaveLength(before)
})

describe('a call that its kind does not allow', () => {
  const cases: [Access, string, Origin][] = [
    ['server', 'a user', { kind: 'wechatUser', openid: 'o1', vouchedFields: new Set() }],
    ['user', 'a server', SERVER],
    ['user', 'a timer', TIMER],
    ['user', 'the server key', SERVER_BEARER],
    ['anonymous', 'the server key', SERVER_BEARER],
    ['timer', 'a session token', UNKNOWN_TOKEN],
    ['timer', 'a server', SERVER],
  ]

  test.each(cases)('of a function for %s by %s is FORBIDDEN before any I/O', async (access, _, origin) => {
    const world = await createWorld()
    let handled = false
    const fn = probe({
      access: [access],
      handle: async () => {
        handled = true
        return {}
      },
    })

    // Not even the input matters: who may not call is not told what is wrong with it.
    expect(codeOf(await world.call(fn, { openid: 'x' }, origin))).toBe('FORBIDDEN')
    expect(handled).toBe(false)
    expect(world.store.operations).toEqual([])
    expect(world.simulator.requests()).toEqual([])
  })
})

describe('a mini program that is not ours', () => {
  test.each<[string, Origin]>([
    [
      'in the app id of a user',
      { kind: 'wechatUser', openid: 'o1', vouchedFields: new Set(), appId: 'wx-other' },
    ],
    ['in the app id of a server', { ...SERVER, appId: 'wx-other' }],
    ['in the app id of a timer', { ...TIMER, appId: 'wx-other' }],
    ['in the app id of nobody', { ...NOBODY, appId: 'wx-other' }],
    ['as the one that shares our resources', { ...SERVER, fromAppId: 'wx-other' }],
    ['as the one that shares our resources, in our own name', { ...SERVER, fromAppId: 'wx0123456789abcdef' }],
  ])('is FORBIDDEN when it is named %s', async (_, origin) => {
    const world = await createWorld()

    expect(codeOf(await world.call(probe(), {}, origin))).toBe('FORBIDDEN')
    expect(world.store.operations).toEqual([])
  })
})

describe('a token', () => {
  const forUsers = probe({ access: ['user'] })

  test.each([
    ['unknown', UNKNOWN_TOKEN],
    ['of no shape of ours', { kind: 'bearer', token: 'abc' } as const],
    ['almost the server key', { kind: 'bearer', token: `${SERVER_KEY}x` } as const],
    ['not there', NOBODY],
  ])('is UNAUTHENTICATED when it is %s', async (_, origin) => {
    const world = await createWorld()

    expect(codeOf(await world.call(forUsers, {}, origin))).toBe('UNAUTHENTICATED')
  })

  test('is UNAUTHENTICATED with the secret half of another user', async () => {
    const world = await createWorld()
    const [alice, bob] = [await world.logIn('alice'), await world.logIn('bob')]
    const mixed = `${alice.token.split('.')[0]}.${bob.token.split('.')[1]}`

    expect(codeOf(await world.call(forUsers, {}, { kind: 'bearer', token: mixed }))).toBe('UNAUTHENTICATED')
  })

  test('is SESSION_EXPIRED to the millisecond after its session has run out', async () => {
    const world = await createWorld({ environment: { SESSION_TTL_SECONDS: '60' } })
    const alice = await world.logIn('alice')

    world.clock.advance(59_999)
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
    world.clock.advance(1)
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('SESSION_EXPIRED')
  })

  test('is not prolonged by its use: the life of a session is absolute', async () => {
    const world = await createWorld({ environment: { SESSION_TTL_SECONDS: '60' } })
    const alice = await world.logIn('alice')
    for (let second = 0; second < 60; second += 10) {
      await world.call(forUsers, {}, alice)
      world.clock.advance(10_000)
    }

    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('SESSION_EXPIRED')
  })

  test('is UNAUTHENTICATED long after its session has run out, when nothing is remembered', async () => {
    const world = await createWorld({ environment: { SESSION_TTL_SECONDS: '60' } })
    const alice = await world.logIn('alice')
    world.clock.advance(8 * 86_400_000)

    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('UNAUTHENTICATED')
  })

  test('is UNAUTHENTICATED after logout, on every instance', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    await world.call(logout, {}, alice)
    world.restart()

    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('UNAUTHENTICATED')
  })

  test('is UNAUTHENTICATED for another mini program that shares the table', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.restart({ WECHAT_APP_ID: 'wx-other' })

    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('UNAUTHENTICATED')
  })

  test('is good after the keys were rotated, and no longer once the old key is retired', async () => {
    const world = await createWorld({ environment: { STATE_KEYS: `k1:${'A'.repeat(43)}=` } })
    const alice = await world.logIn('alice')

    world.restart({ STATE_KEYS: `k2:${'B'.repeat(42)}A=,k1:${'A'.repeat(43)}=` })
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
    world.restart({ STATE_KEYS: `k2:${'B'.repeat(42)}A=` })
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('UNAUTHENTICATED')
  })

  test('is STATE_UNAVAILABLE to check while the store is down', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.store.isDown = true

    expect(await world.call(forUsers, {}, alice)).toMatchObject({
      error: { code: 'STATE_UNAVAILABLE', retryable: true },
    })
  })
})

describe('a session that is not used', () => {
  const forUsers = probe({ access: ['user'] })
  const IDLE_MS = 259_200_000

  test('is SESSION_EXPIRED after three days, to the millisecond', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')

    world.clock.advance(IDLE_MS)
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('SESSION_EXPIRED')
    world.clock.advance(-1)
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
  })

  test.each([
    ['an hour', 3600, 300],
    ['a minute', 60, 50],
    ['a second', 1, 0.8],
  ])('goes on as long as it is used, with a limit of %s', async (_, idleSeconds, everySeconds) => {
    const world = await createWorld({ environment: { SESSION_IDLE_SECONDS: String(idleSeconds) } })
    const alice = await world.logIn('alice')

    for (let use = 0; use < 20; use++) {
      world.clock.advance(everySeconds * 1000)
      expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
    }
    world.clock.advance(idleSeconds * 1000)
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('SESSION_EXPIRED')
  })

  test('is ended by a limit that is set lower, and goes on under one that is set higher', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.clock.advance(60_000)

    world.restart({ SESSION_IDLE_SECONDS: '60' })
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('SESSION_EXPIRED')
    world.restart({ SESSION_IDLE_SECONDS: '61' })
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
  })

  test('is of no account to a user whom the platform vouches for: the session key is as good as before', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.clock.advance(IDLE_MS)

    expect(codeOf(await world.call(checkSession, {}, alice))).toBe('SESSION_EXPIRED')
    expect(codeOf(await world.call(checkSession, {}, world.wechatUser('alice')))).toBe('OK')
    world.clock.advance(604_800_000 - IDLE_MS)
    expect(codeOf(await world.call(checkSession, {}, world.wechatUser('alice')))).toBe('SESSION_EXPIRED')
  })

  test('is a CONFIG_ERROR to judge while the limit is malformed', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.restart({ SESSION_IDLE_SECONDS: 'canary' })

    expect(await world.call(forUsers, {}, alice)).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: 'SESSION_IDLE_SECONDS is malformed.' },
    })
  })
})

describe('a use of a session', () => {
  const forUsers = probe({ access: ['user'] })
  const A_TENTH_MS = 25_920_000

  test('costs one read, and one write more for each tenth of the idle limit', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const costOfUse = async () => {
      const before = world.store.operations.length
      await world.call(forUsers, {}, alice)
      return world.store.operations.slice(before)
    }

    expect(await costOfUse()).toEqual(['get'])
    world.clock.advance(A_TENTH_MS - 1)
    expect(await costOfUse()).toEqual(['get'])
    world.clock.advance(1)
    expect(await costOfUse()).toEqual(['get', 'compareAndSet'])
    expect(await costOfUse()).toEqual(['get'])
  })

  test('succeeds while it cannot be noted, and ends the session no sooner than its limit', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.store.refusesWrites = true
    world.clock.advance(259_200_000 - 1)

    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
    world.store.refusesWrites = false
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
    world.clock.advance(A_TENTH_MS)
    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
  })

  test('waits but a moment for a store that takes the note and does not answer', async () => {
    const memory = createMemoryStore(createTestClock())
    const store: StateStore = { ...memory, compareAndSet: () => new Promise(() => {}) }
    const world = await createWorld({ effects: { memoryStore: store } })
    const alice = await world.logIn('alice')
    world.clock.advance(A_TENTH_MS)

    expect(codeOf(await world.call(forUsers, {}, alice))).toBe('OK')
  })
})

describe('the server key', () => {
  test('switches servers over HTTP off when it is empty', async () => {
    const world = await createWorld({ environment: { SERVER_KEY: '' } })

    for (const token of ['', 'x', SERVER_KEY])
      expect(codeOf(await world.call(probe({ access: ['server'] }), {}, { kind: 'bearer', token }))).toBe(
        'UNAUTHENTICATED',
      )
  })

  test('that is malformed is a CONFIG_ERROR for servers and does not stop users', async () => {
    const world = await createWorld({ environment: { SERVER_KEY: 'short' } })

    expect(codeOf(await world.call(probe({ access: ['server'] }), {}, SERVER_BEARER))).toBe('CONFIG_ERROR')
    expect(codeOf(await world.call(probe({ access: ['user'] }), {}, await world.logIn('alice')))).toBe('OK')
  })
})

test('who logs in again may still carry a token that has ended', async () => {
  const world = await createWorld()
  const code = world.simulator.phone('alice').login()

  expect(codeOf(await world.call(login, code, UNKNOWN_TOKEN))).toBe('OK')
})
