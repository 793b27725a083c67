import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

/** The errcode that a call with this token gets: 40129 means that the token was accepted and the empty call was not. */
async function useToken(token: unknown): Promise<unknown> {
  const query = token === undefined ? undefined : { access_token: String(token) }
  return (await world.post('/wxa/msg_sec_check', query ?? {}, { version: 2 })).errcode
}
const ACCEPTED = 40129

test('the stable token stays the same and tells the seconds that remain', async () => {
  const first = await world.stableToken()
  world.clock.ms += 1000_000
  const second = await world.stableToken()

  expect(first).toEqual({ access_token: expect.any(String), expires_in: 7200 })
  expect(second).toEqual({ access_token: first.access_token, expires_in: 6200 })
  expect(world.simulator.accepted('/cgi-bin/stable_token')).toBe(1)
  expect(world.simulator.requests('/cgi-bin/stable_token')).toHaveLength(2)
})

test('the stable token renews itself in its last 300 seconds, and the old one lives out its time', async () => {
  const old = await world.stableToken()
  world.clock.ms += 6899_000
  expect((await world.stableToken()).access_token).toBe(old.access_token)

  world.clock.ms += 1000
  const renewed = await world.stableToken()

  expect(renewed).toEqual({
    access_token: expect.not.stringMatching(String(old.access_token)),
    expires_in: 7200,
  })
  expect(await useToken(old.access_token)).toBe(ACCEPTED)
  world.clock.ms += 300_000
  expect(await useToken(old.access_token)).toBe(42001)
  expect(await useToken(renewed.access_token)).toBe(ACCEPTED)
})

test('a forced refresh kills the stable token at once, but not twice within 30 seconds', async () => {
  const old = await world.stableToken()

  const forced = await world.stableToken({ force_refresh: true })
  world.clock.ms += 29_000
  const again = await world.stableToken({ force_refresh: true })

  expect(forced.access_token).not.toBe(old.access_token)
  expect(again.access_token).toBe(forced.access_token)
  expect(await useToken(old.access_token)).toBe(40001)
})

test('the stable token can be forced 20 times a day', async () => {
  const force = async () => {
    world.clock.ms += 30_000
    return world.stableToken({ force_refresh: true })
  }
  for (let time = 0; time < 20; time += 1) expect(await force()).toHaveProperty('access_token')

  expect(await force()).toMatchObject({ errcode: 45009 })
  world.clock.ms += 86_400_000
  expect(await force()).toHaveProperty('access_token')
})

test('each classic call makes a new token, and the former one dies five minutes later', async () => {
  const [first, second] = [await world.classicToken(), await world.classicToken()]

  expect(second).toMatchObject({ expires_in: 7200 })
  expect(second.access_token).not.toBe(first.access_token)
  world.clock.ms += 299_000
  expect(await useToken(first.access_token)).toBe(ACCEPTED)
  world.clock.ms += 1000
  expect(await useToken(first.access_token)).toBe(42001)
  expect(await useToken(second.access_token)).toBe(ACCEPTED)
})

test('the classic and the stable line leave each other alone', async () => {
  const classic = await world.classicToken()
  const stable = await world.stableToken({ force_refresh: true })
  await world.classicToken()

  expect(await useToken(classic.access_token)).toBe(ACCEPTED)
  expect((await world.stableToken()).access_token).toBe(stable.access_token)
})

test('killed tokens are refused, and the next stable call gives a new one', async () => {
  const token = await world.token()

  world.simulator.killAccessTokens()

  expect(await useToken(token)).toBe(40001)
  expect(await useToken(await world.token())).toBe(ACCEPTED)
})

test.each([
  ['none', undefined, 41001],
  ['an invented one', 'invented', 40014],
])('an access token is needed: %s is refused', async (_case, token, errcode) => {
  expect(await useToken(token)).toBe(errcode)
})

test.each([
  ['another grant type', { grant_type: 'authorization_code' }, 40002],
  ['a foreign app id', { appid: 'wx1' }, 40013],
  ['a wrong secret', { secret: 'wrong' }, 40125],
])('%s gets no token', async (_case, wrong, errcode) => {
  expect(await world.stableToken(wrong)).toMatchObject({ errcode })
  expect(world.simulator.accepted('/cgi-bin/stable_token')).toBe(0)
})
