import { expect, test } from 'vitest'
import createSoterChallenge from '../../functions/createSoterChallenge/index.ts'
import { NOW_MS } from '../support/testClock.ts'
import { codeOf, createWorld, dataOf } from '../support/world.ts'

test('a challenge is 256 random bits that the phone can sign as they are, for two minutes', async () => {
  const world = await createWorld()

  expect(await world.call(createSoterChallenge, { purpose: 'pay' }, world.wechatUser('alice'))).toEqual({
    ok: true,
    data: { challenge: expect.stringMatching(/^[\w-]{43}$/), expiresAtMs: NOW_MS + 120_000 },
  })
})

test('a challenge lives as long as configured', async () => {
  const world = await createWorld({ environment: { SOTER_CHALLENGE_TTL_SECONDS: '30' } })

  expect(
    dataOf(await world.call(createSoterChallenge, { purpose: 'pay' }, world.wechatUser('alice'))).expiresAtMs,
  ).toBe(NOW_MS + 30_000)
})

test('no two challenges are the same', async () => {
  const world = await createWorld()
  const replies = await Promise.all(
    Array.from({ length: 64 }, () =>
      world.call(createSoterChallenge, { purpose: 'pay' }, world.wechatUser('alice')),
    ),
  )

  expect(new Set(replies.map((reply) => dataOf(reply).challenge)).size).toBe(64)
})

test.each(['a', 'A'.repeat(64), 'pay:order_1.2-3'])('a purpose may be %s', async (purpose) => {
  const world = await createWorld()

  expect(codeOf(await world.call(createSoterChallenge, { purpose }, world.wechatUser('alice')))).toBe('OK')
})

test('an action is any text of up to 256 characters', async () => {
  const world = await createWorld()
  const input = { purpose: 'pay', action: `订单 42\n${'x'.repeat(250)}` }

  expect(codeOf(await world.call(createSoterChallenge, input, world.wechatUser('alice')))).toBe('OK')
})

test.each<[object, string, string]>([
  [{}, 'purpose', 'is missing'],
  [{ purpose: '' }, 'purpose', 'is empty'],
  [{ purpose: 1 }, 'purpose', 'must be of type string'],
  [{ purpose: 'pay me' }, 'purpose', 'is malformed'],
  [{ purpose: 'pay\n' }, 'purpose', 'is malformed'],
  [{ purpose: '支付' }, 'purpose', 'is malformed'],
  [{ purpose: 'x'.repeat(65) }, 'purpose', 'is over its maximum of 64 characters'],
  [{ purpose: 'pay', action: '' }, 'action', 'is empty'],
  [{ purpose: 'pay', action: { id: 1 } }, 'action', 'must be of type string'],
  [{ purpose: 'pay', action: 'x'.repeat(257) }, 'action', 'is over its maximum of 256 characters'],
  [{ purpose: 'pay', action: 'a\0' }, 'action', 'has a NUL character'],
  [{ purpose: 'pay', challenge: 'mine' }, 'challenge', 'is not a field of this function'],
  [{ purpose: 'pay', openid: 'o1' }, 'openid', 'is not a field of this function'],
])('%j is refused and nothing is stored', async (input, field, reason) => {
  const world = await createWorld()

  expect(await world.call(createSoterChallenge, input, world.wechatUser('alice'))).toMatchObject({
    error: { code: 'INVALID_ARGUMENT', field, reason },
  })
  expect(world.store.operations).toEqual([])
})

test.each([
  ['is down', { isDown: true }],
  ['refuses to write', { refusesWrites: true }],
])('while the store %s no challenge is issued', async (_, state) => {
  const world = await createWorld()
  Object.assign(world.store, state)

  expect(codeOf(await world.call(createSoterChallenge, { purpose: 'pay' }, world.wechatUser('alice')))).toBe(
    'STATE_UNAVAILABLE',
  )
})
