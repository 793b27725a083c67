import { describe, expect, test } from 'vitest'
import getPhoneNumber from '../../functions/getPhoneNumber/index.ts'
import { APP_ID, codeOf, createWorld, dataOf } from '../support/world.ts'

const PATH = '/wxa/business/getuserphonenumber'

test('a code of the button is exchanged for the number of the caller, all in text', async () => {
  const world = await createWorld()
  const phone = world.simulator.phone('alice')
  const code = phone.phoneNumber()

  const data = dataOf(await world.call(getPhoneNumber, code, world.wechatUser('alice')))

  expect(data).toEqual({
    phoneNumber: expect.stringMatching(/^138\d{8}$/),
    purePhoneNumber: data.phoneNumber,
    countryCode: '86',
  })
  expect(world.simulator.requests(PATH).map(({ body }) => JSON.parse(body))).toEqual([
    { ...code, openid: phone.openid },
  ])
})

test('a code works with a token just as well', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')

  expect(codeOf(await world.call(getPhoneNumber, world.simulator.phone('alice').phoneNumber(), alice))).toBe(
    'OK',
  )
})

test('a code is accepted once', async () => {
  const world = await createWorld()
  const code = world.simulator.phone('alice').phoneNumber()
  await world.call(getPhoneNumber, code, world.wechatUser('alice'))

  expect(['CODE_USED', 'CODE_INVALID']).toContain(
    codeOf(await world.call(getPhoneNumber, code, world.wechatUser('alice'))),
  )
  expect(world.simulator.accepted(PATH)).toBe(1)
})

test("another user's code is refused and stays theirs", async () => {
  const world = await createWorld()
  const code = world.simulator.phone('bob').phoneNumber()

  expect(codeOf(await world.call(getPhoneNumber, code, world.wechatUser('alice')))).toBe('CODE_INVALID')
  expect(codeOf(await world.call(getPhoneNumber, code, world.wechatUser('bob')))).toBe('OK')
})

test.each([
  [40029, 'CODE_INVALID'],
  [40163, 'CODE_USED'],
  [45011, 'RATE_LIMITED'],
  [48001, 'CONFIG_ERROR'],
  [-1, 'UPSTREAM_UNAVAILABLE'],
  [61010, 'USER_NOT_RECENT'],
  [99999, 'UPSTREAM_REJECTED'],
])("WeChat's %d is %s, and the code is not tried again", async (errcode, code) => {
  const world = await createWorld()
  world.simulator.faults.add({ path: PATH, errcode })

  const input = world.simulator.phone('alice').phoneNumber()
  expect(codeOf(await world.call(getPhoneNumber, input, world.wechatUser('alice')))).toBe(code)
  expect(world.simulator.requests(PATH)).toHaveLength(1)
})

test.each([
  ['resets the connection', { reset: 'afterTaken' as const }],
  ['breaks its answer off', { cutAfterBytes: 10 }],
  ['answers with a page', { body: '<html>', afterTaken: true }],
  ['answers with a server error', { status: 503, afterTaken: true }],
])(
  'when WeChat took the code and %s the outcome is unknown and nothing is billed twice',
  async (_, fault) => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, ...fault })

    const input = world.simulator.phone('alice').phoneNumber()
    expect(await world.call(getPhoneNumber, input, world.wechatUser('alice'))).toMatchObject({
      error: { code: 'CODE_OUTCOME_UNKNOWN', retryable: false },
    })
    expect(world.simulator.requests(PATH)).toHaveLength(1)
    expect(world.simulator.accepted(PATH)).toBe(1)
  },
)

test('a refused access token is renewed and the code sent once more: WeChat has not looked at it yet', async () => {
  const world = await createWorld()
  await world.call(getPhoneNumber, world.simulator.phone('bob').phoneNumber(), world.wechatUser('bob'))
  world.simulator.killAccessTokens()

  const input = world.simulator.phone('alice').phoneNumber()
  expect(codeOf(await world.call(getPhoneNumber, input, world.wechatUser('alice')))).toBe('OK')
  expect(world.simulator.accepted(PATH)).toBe(2)
})

describe('an answer', () => {
  const phone_info = { phoneNumber: '+85260000000', purePhoneNumber: '60000000', countryCode: '852' }
  const answer = async (body: object) => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, body: JSON.stringify(body) })
    return world.call(getPhoneNumber, { code: 'x' }, world.wechatUser('alice'))
  }

  test('is passed on in its known fields only', async () => {
    const watermark = { appid: APP_ID, timestamp: 1 }

    expect(await answer({ errcode: 0, phone_info: { ...phone_info, watermark, secret: 'x' } })).toEqual({
      ok: true,
      data: phone_info,
    })
  })

  test.each([
    ['without a number', { phone_info: { ...phone_info, phoneNumber: undefined } }],
    ['with a number that is no text', { phone_info: { ...phone_info, purePhoneNumber: 138 } }],
    ['without anything', {}],
    ['for another mini program', { phone_info: { ...phone_info, watermark: { appid: 'wx-other' } } }],
  ])('%s is UPSTREAM_BAD_RESPONSE', async (_, body) => {
    expect(codeOf(await answer(body))).toBe('UPSTREAM_BAD_RESPONSE')
  })
})

test.each<[object, string, string]>([
  [{}, 'code', 'is missing'],
  [{ code: '' }, 'code', 'is empty'],
  [{ code: 1 }, 'code', 'must be of type string'],
  [{ code: { $gt: '' } }, 'code', 'must be of type string'],
  [{ code: 'a b' }, 'code', 'is malformed'],
  [{ code: 'x'.repeat(257) }, 'code', 'is over its maximum of 256 characters'],
  [{ code: 'x', openid: 'o1' }, 'openid', 'is not a field of this function'],
])('%j is refused before anybody is asked', async (input, field, reason) => {
  const world = await createWorld()

  expect(await world.call(getPhoneNumber, input, world.wechatUser('alice'))).toMatchObject({
    error: { code: 'INVALID_ARGUMENT', field, reason },
  })
  expect(world.simulator.requests()).toEqual([])
  expect(world.store.operations).toEqual([])
})

test('while the store is down a user of callFunction still gets their number', async () => {
  const world = await createWorld()
  world.store.isDown = true

  const input = world.simulator.phone('alice').phoneNumber()
  expect(codeOf(await world.call(getPhoneNumber, input, world.wechatUser('alice')))).toBe('OK')
})
