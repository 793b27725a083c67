import { createDecipheriv } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { APP_ID, type Json, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const PHONE_PATH = '/wxa/business/getuserphonenumber'
let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

test('a phone number code gives the number once, with the country code as a number', async () => {
  const phone = world.simulator.phone('alice')
  const { code } = phone.phoneNumber()

  const answer = await world.call(PHONE_PATH, { code, openid: phone.openid })

  expect(answer.phone_info).toEqual({
    phoneNumber: expect.stringMatching(/^138\d{8}$/),
    purePhoneNumber: expect.stringMatching(/^138\d{8}$/),
    countryCode: 86,
    watermark: { timestamp: world.clock.ms / 1000, appid: APP_ID },
  })
  expect(await world.call(PHONE_PATH, { code })).toMatchObject({ errcode: 40029 })
  expect(world.simulator.accepted(PHONE_PATH)).toBe(1)
})

test('a phone number code of somebody else is refused and not used up', async () => {
  const { code } = world.simulator.phone('alice').phoneNumber()

  expect(await world.call(PHONE_PATH, { code, openid: world.simulator.phone('bob').openid })).toMatchObject({
    errcode: 40029,
  })
  expect(await world.call(PHONE_PATH, { code })).toMatchObject({ errcode: 0 })
})

test.each([
  ['encryptedPhoneNumber', { phoneNumber: expect.stringMatching(/^138/), countryCode: '86' }],
  ['shareInfo', { openGId: expect.any(String) }],
  ['groupEnterInfo', { opengid: expect.any(String) }],
  ['privateMessage', { activityId: 'activity-1' }],
] as const)('%s is encrypted open data with a watermark', async (kind, expected) => {
  const phone = world.simulator.phone('alice')
  const { session_key } = await world.login(phone.login().code)

  expect(decrypt(phone[kind](), session_key)).toMatchObject({
    ...expected,
    watermark: { appid: APP_ID, timestamp: world.clock.ms / 1000 },
  })
})

test('step counts cover 31 days in ascending order up to today in China', async () => {
  const phone = world.simulator.phone('alice')
  const { session_key } = await world.login(phone.login().code)

  const steps = decrypt(phone.weRunData(), session_key).stepInfoList as { timestamp: number; step: number }[]

  expect(steps).toHaveLength(31)
  expect(steps.at(-1)?.timestamp).toBe(Date.parse('2026-11-20T00:00:00+08:00') / 1000)
  expect(steps.map(({ timestamp }) => timestamp)).toEqual(steps.map(({ timestamp }) => timestamp).sort())
})

test('user info of the profile kind has no openId', async () => {
  const phone = world.simulator.phone('alice')
  const { session_key } = await world.login(phone.login().code)

  expect(decrypt(phone.userInfo({ profile: true }), session_key)).not.toHaveProperty('openId')
})

async function resolve(cloudID: string, openid?: string): Promise<Json> {
  const answer = await world.call('/wxa/getopendata', { cloudid_list: [cloudID] }, openid ? { openid } : {})
  const [first] = answer.data_list as { cloud_id: string; json: string }[]
  return JSON.parse(first?.json ?? '')
}

test('a cloud id is exchanged for the open data of its own user', async () => {
  const phone = world.simulator.phone('alice')
  const { cloudID } = phone.cloudId('userInfo')

  expect(await resolve(cloudID, phone.openid)).toMatchObject({
    cloudID,
    data: { openId: phone.openid, watermark: { appid: APP_ID } },
  })
  expect(await resolve(cloudID, world.simulator.phone('bob').openid)).toMatchObject({ errCode: -601007 })
  expect(await resolve('39_invented', phone.openid)).toMatchObject({ errCode: -601005 })
})

test('a cloud id lives five minutes', async () => {
  const phone = world.simulator.phone('alice')
  const { cloudID } = phone.cloudId('weRunData')

  world.clock.ms += 300_000

  const resolved = await resolve(cloudID, phone.openid)
  expect(resolved).toMatchObject({ errCode: -601006 })
  expect(resolved).not.toHaveProperty('data')
})

test('without an openid a cloud id gives its data, but never a phone number', async () => {
  expect(await resolve(world.simulator.phone('alice').cloudId('weRunData').cloudID)).toHaveProperty('data')
  expect(await resolve(world.simulator.phone('alice').cloudId('phoneNumber').cloudID)).toMatchObject({
    errCode: -601007,
  })
})

function decrypt({ encryptedData, iv }: { encryptedData: string; iv: string }, sessionKey: unknown): Json {
  const key = Buffer.from(String(sessionKey), 'base64')
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(iv, 'base64'))
  return JSON.parse(decipher.update(encryptedData, 'base64', 'utf8') + decipher.final('utf8'))
}
