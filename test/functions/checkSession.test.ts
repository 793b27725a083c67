import { expect, test } from 'vitest'
import checkSession from '../../functions/checkSession/index.ts'
import { sessionSignature } from '../../shared/core/sessionSignature.ts'
import { codeOf, createWorld, dataOf } from '../support/world.ts'

const PATH = '/wxa/checksession'

test('a session is valid while WeChat accepts its session key', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')

  expect(await world.call(checkSession, {}, alice)).toEqual({ ok: true, data: { valid: true } })
  expect(dataOf(await world.call(checkSession, {}, world.wechatUser('alice')))).toEqual({ valid: true })
})

test('a session is not valid once WeChat has given the user another session key', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  world.simulator.rotateSessionKey(world.simulator.phone('alice').openid)

  expect(dataOf(await world.call(checkSession, {}, alice))).toEqual({ valid: false })
})

test.each([87007, 87009])('a session is not valid when WeChat answers %d', async (errcode) => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  world.simulator.faults.add({ path: PATH, errcode })

  expect(dataOf(await world.call(checkSession, {}, alice))).toEqual({ valid: false })
})

test('WeChat is shown a signature of nothing, and the key never', async () => {
  const world = await createWorld()
  const session = { openid: 'o1', session_key: 'tiihtNczf5v6AKRyjwEUhQ==' }
  world.simulator.faults.add({ path: '/sns/jscode2session', body: JSON.stringify(session) })
  await world.call(checkSession, {}, await world.logIn('alice'))

  expect(world.simulator.requests(PATH).map(({ query }) => query)).toEqual([
    {
      access_token: expect.any(String),
      openid: 'o1',
      signature: sessionSignature('tiihtNczf5v6AKRyjwEUhQ==', ''),
      sig_method: 'hmac_sha256',
    },
  ])
})

test('a user whose session key we do not have is told to log in', async () => {
  const world = await createWorld()

  expect(codeOf(await world.call(checkSession, {}, world.wechatUser('alice')))).toBe('SESSION_EXPIRED')
  expect(world.simulator.requests()).toEqual([])
})

test('a session that ran out is expired rather than invalid', async () => {
  const world = await createWorld({ environment: { SESSION_TTL_SECONDS: '60' } })
  const alice = await world.logIn('alice')
  world.clock.advance(60_000)

  expect(codeOf(await world.call(checkSession, {}, alice))).toBe('SESSION_EXPIRED')
  expect(codeOf(await world.call(checkSession, {}, world.wechatUser('alice')))).toBe('SESSION_EXPIRED')
})

test.each([
  ['is busy', { errcode: -1, times: 3 }, 'UPSTREAM_UNAVAILABLE'],
  ['refuses', { errcode: 99999 }, 'UPSTREAM_REJECTED'],
  ['answers with a page', { body: '<html>' }, 'UPSTREAM_BAD_RESPONSE'],
])('a session is neither valid nor not when WeChat %s', async (_, fault, code) => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  world.simulator.faults.add({ path: PATH, ...fault })

  expect(codeOf(await world.call(checkSession, {}, alice))).toBe(code)
})

test('asking changes nothing, so it is asked again when WeChat is busy for a moment', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  world.simulator.faults.add({ path: PATH, errcode: -1 })

  expect(dataOf(await world.call(checkSession, {}, alice))).toEqual({ valid: true })
  expect(world.simulator.requests(PATH)).toHaveLength(2)
})

test('while the store is down there is no session to ask about', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  world.store.isDown = true

  for (const origin of [alice, world.wechatUser('alice')])
    expect(codeOf(await world.call(checkSession, {}, origin))).toBe('STATE_UNAVAILABLE')
  expect(world.simulator.requests(PATH)).toEqual([])
})

test.each(['openid', 'session_key', 'token'])('%s is no input', async (field) => {
  const world = await createWorld()
  const alice = await world.logIn('alice')

  expect(await world.call(checkSession, { [field]: 'x' }, alice)).toMatchObject({
    error: { code: 'INVALID_ARGUMENT', field },
  })
  expect(world.simulator.requests(PATH)).toEqual([])
})
