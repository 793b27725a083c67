import { describe, expect, test, vi } from 'vitest'
import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import { codeOf, createWorld, dataOf, NOBODY } from '../support/world.ts'

const LOGIN_PATH = '/sns/jscode2session'

describe('a logout', () => {
  test('ends this session at once and leaves the others', async () => {
    const world = await createWorld()
    const [here, there] = [await world.logIn('alice'), await world.logIn('alice')]

    expect(await world.call(logout, {}, here)).toEqual({ ok: true, data: { revoked: 1 } })
    expect(codeOf(await world.call(logout, {}, here))).toBe('UNAUTHENTICATED')
    expect(await world.call(logout, {}, there)).toEqual({ ok: true, data: { revoked: 1 } })
  })

  test('everywhere ends all of them', async () => {
    const world = await createWorld()
    const sessions = [await world.logIn('alice'), await world.logIn('alice'), await world.logIn('alice')]
    const bob = await world.logIn('bob')

    expect(await world.call(logout, { everywhere: true }, sessions[0])).toEqual({
      ok: true,
      data: { revoked: 3 },
    })
    for (const session of sessions)
      expect(codeOf(await world.call(logout, {}, session))).toBe('UNAUTHENTICATED')
    expect(codeOf(await world.call(logout, {}, bob))).toBe('OK')
  })

  test('through callFunction has no single session to end, so it ends them all', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')

    expect(dataOf(await world.call(logout, {}, world.wechatUser('alice')))).toEqual({ revoked: 1 })
    expect(codeOf(await world.call(logout, {}, alice))).toBe('UNAUTHENTICATED')
    expect(dataOf(await world.call(logout, {}, world.wechatUser('alice')))).toEqual({ revoked: 0 })
  })

  test('counts sessions that live, not those that ran out', async () => {
    const world = await createWorld({ environment: { SESSION_TTL_SECONDS: '60' } })
    await world.logIn('alice')
    world.clock.advance(60_000)
    const alice = await world.logIn('alice')

    expect(dataOf(await world.call(logout, { everywhere: true }, alice))).toEqual({ revoked: 1 })
  })

  test('takes the session keys along with the last session', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const sealed = world.simulator.phone('alice').userInfo()
    await world.call(logout, {}, alice)

    expect(codeOf(await world.call(decryptOpenData, sealed, world.wechatUser('alice')))).toBe(
      'SESSION_EXPIRED',
    )
  })

  test('takes the key from before a parallel login along with any session', async () => {
    const world = await createWorld()
    const first = await world.logIn('alice')
    const sealedBefore = world.simulator.phone('alice').userInfo()
    const second = await world.logIn('alice')
    await world.call(logout, {}, first)

    expect(codeOf(await world.call(decryptOpenData, sealedBefore, second))).toBe('DECRYPT_FAILED')
    expect(codeOf(await world.call(decryptOpenData, world.simulator.phone('alice').userInfo(), second))).toBe(
      'OK',
    )
  })

  test('is done once of 64 that come together', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')

    const replies = await Promise.all(Array.from({ length: 64 }, () => world.call(logout, {}, alice)))

    const revoked = replies.map((reply) => (reply.ok ? reply.data.revoked : 0))
    expect(revoked.reduce((sum, count) => sum + count)).toBe(1)
  })

  test.each([
    ['without a token', false],
    ['with the token of before', true],
  ])('everywhere beats every login under way %s: it is to be repeated', async (_, bringsToken) => {
    const world = await createWorld()
    const before = await Promise.all(Array.from({ length: 8 }, () => world.logIn('alice')))
    const phone = world.simulator.phone('alice')
    world.simulator.faults.add({ path: LOGIN_PATH, latencyMs: 100, times: 8 })

    const logins = before.map((session) => world.call(login, phone.login(), bringsToken ? session : NOBODY))
    await vi.waitFor(() => expect(world.simulator.requests(LOGIN_PATH)).toHaveLength(16))
    world.clock.advance(10)
    expect(dataOf(await world.call(logout, { everywhere: true }, before[0]))).toEqual({ revoked: 8 })

    for (const reply of await Promise.all(logins))
      expect(reply).toMatchObject({
        error: { code: 'SESSION_EXPIRED', retryable: false, reason: 'logged out during the login' },
      })
    for (const session of before)
      expect(codeOf(await world.call(logout, {}, session))).toBe('UNAUTHENTICATED')
    expect(codeOf(await world.call(decryptOpenData, phone.userInfo(), world.wechatUser('alice')))).toBe(
      'SESSION_EXPIRED',
    )
    world.clock.advance(1)
    expect(codeOf(await world.call(logout, {}, await world.logIn('alice')))).toBe('OK')
  })

  test('of one session leaves logins under way on other devices alone', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.simulator.faults.add({ path: LOGIN_PATH, latencyMs: 100 })

    const pending = world.logIn('alice')
    await vi.waitFor(() => expect(world.simulator.requests(LOGIN_PATH)).toHaveLength(2))
    await world.call(logout, {}, alice)

    expect(codeOf(await world.call(logout, {}, await pending))).toBe('OK')
  })

  test('counts sessions that can be used, not those that were not used for too long', async () => {
    const world = await createWorld({ environment: { SESSION_IDLE_SECONDS: '60' } })
    await world.logIn('alice')
    world.clock.advance(60_000)
    const alice = await world.logIn('alice')

    expect(dataOf(await world.call(logout, { everywhere: true }, alice))).toEqual({ revoked: 1 })
  })
})

test.each([
  ['everywhere as text', { everywhere: 'true' }, 'everywhere'],
  ['everywhere as a number', { everywhere: 1 }, 'everywhere'],
  ['everywhere as null', { everywhere: null }, 'everywhere'],
  ['a token', { token: 'x' }, 'token'],
  ['an openid', { openid: 'x' }, 'openid'],
])('%s is refused and ends nothing', async (_, input, field) => {
  const world = await createWorld()
  const alice = await world.logIn('alice')

  expect(await world.call(logout, input, alice)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field } })
  expect(codeOf(await world.call(logout, {}, alice))).toBe('OK')
})

test.each([
  ['is down', { isDown: true }],
  ['refuses to write', { refusesWrites: true }],
])('while the store %s nobody is told that a session has ended', async (_, state) => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  Object.assign(world.store, state)

  expect(codeOf(await world.call(logout, {}, alice))).toBe('STATE_UNAVAILABLE')

  Object.assign(world.store, { isDown: false, refusesWrites: false })
  expect(dataOf(await world.call(logout, {}, alice))).toEqual({ revoked: 1 })
})
