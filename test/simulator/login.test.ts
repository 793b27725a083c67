import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { APP_ID, APP_SECRET, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const PATH = '/sns/jscode2session'
let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

test('a login code is exchanged for openid, unionid and a session key of 16 bytes', async () => {
  const phone = world.simulator.phone('alice')

  const session = await world.login(phone.login().code)

  expect(session).toEqual({ openid: phone.openid, unionid: phone.unionid, session_key: expect.any(String) })
  expect(Buffer.from(String(session.session_key), 'base64')).toHaveLength(16)
})

test('a login code is accepted once', async () => {
  const { code } = world.simulator.phone('alice').login()
  await world.login(code)

  expect(await world.login(code)).toMatchObject({ errcode: 40163 })
  expect(world.simulator.accepted(PATH)).toBe(1)
})

test('a login code lives five minutes by the clock that was passed', async () => {
  const { code } = world.simulator.phone('alice').login()

  world.clock.ms += 300_000

  expect(await world.login(code)).toMatchObject({ errcode: 40029 })
  expect(world.simulator.accepted(PATH)).toBe(0)
})

test('a phone number code is no login code', async () => {
  expect(await world.login(world.simulator.phone('alice').phoneNumber().code)).toMatchObject({
    errcode: 40029,
  })
})

test.each([
  ['a foreign app id', { appid: 'wx1' }, 40013],
  ['a wrong secret', { secret: 'wrong' }, 40125],
  ['no app id', { appid: '' }, 41002],
  ['no secret', { secret: '' }, 41004],
  ['no code', { js_code: '' }, 41008],
  ['another grant type', { grant_type: 'client_credential' }, 40002],
])('%s is refused and leaves the code alone', async (_case, wrong, errcode) => {
  const { code } = world.simulator.phone('alice').login()
  const good = { appid: APP_ID, secret: APP_SECRET, js_code: code, grant_type: 'authorization_code' }

  expect(await world.get(PATH, { ...good, ...wrong })).toMatchObject({ errcode })
  expect(await world.get(PATH, good)).toMatchObject({ openid: expect.any(String) })
})

test('the exchange answers text/plain, refusals too', async () => {
  const response = await world.send(PATH, {
    appid: APP_ID,
    secret: APP_SECRET,
    js_code: 'none',
    grant_type: 'authorization_code',
  })

  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain')
  expect(await response.json()).toEqual({
    errcode: 40029,
    errmsg: expect.stringMatching(/ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/),
  })
})

test('openid and unionid are those of the name, in another simulator too', async () => {
  const other = await startTestSimulator()
  const [mine, theirs] = [world.simulator.phone('alice'), other.simulator.phone('alice')]
  await other.simulator.close()

  expect(mine.openid).toMatch(/^o[\w-]{27}$/)
  expect([theirs.openid, theirs.unionid]).toEqual([mine.openid, mine.unionid])
  expect(world.simulator.phone('bob').openid).not.toBe(mine.openid)
})

test('each exchange rotates the session key unless it is told to keep it', async () => {
  const phone = world.simulator.phone('alice')
  const keyOf = async () => (await world.login(phone.login().code)).session_key

  const [first, second] = [await keyOf(), await keyOf()]
  world.simulator.keepSessionKeys()

  expect(second).not.toBe(first)
  expect(await keyOf()).toBe(second)
})

const signEmpty = (sessionKey: unknown) => createHmac('sha256', String(sessionKey)).update('').digest('hex')

async function askSession(path: string, openid: string, signature: string, sig_method = 'hmac_sha256') {
  return world.get(path, { access_token: await world.token(), openid, signature, sig_method })
}

test('a session is checked by the signature with its living key', async () => {
  const { openid, login } = world.simulator.phone('alice')
  const { session_key } = await world.login(login().code)

  expect(await askSession('/wxa/checksession', openid, signEmpty(session_key))).toMatchObject({ errcode: 0 })
  expect(await askSession('/wxa/checksession', openid, signEmpty(session_key), 'md5')).toMatchObject({
    errcode: 87008,
  })

  world.simulator.rotateSessionKey(openid)
  expect(await askSession('/wxa/checksession', openid, signEmpty(session_key))).toMatchObject({
    errcode: 87009,
  })
})

test('resetting a session gives a new key and ends the old one', async () => {
  const { openid, login } = world.simulator.phone('alice')
  const { session_key } = await world.login(login().code)

  const reset = await askSession('/wxa/resetusersessionkey', openid, signEmpty(session_key))

  expect(reset).toMatchObject({
    errcode: 0,
    openid,
    session_key: expect.not.stringContaining(String(session_key)),
  })
  expect(await askSession('/wxa/checksession', openid, signEmpty(session_key))).toMatchObject({
    errcode: 87009,
  })
  expect(await askSession('/wxa/checksession', openid, signEmpty(reset.session_key))).toMatchObject({
    errcode: 0,
  })
})

test('user info is encrypted with the session key and signed next to its raw form', async () => {
  const phone = world.simulator.phone('alice')
  const sessionKey = String((await world.login(phone.login().code)).session_key)

  const { rawData, signature, encryptedData, iv } = phone.userInfo()

  const decipher = createDecipheriv(
    'aes-128-cbc',
    Buffer.from(sessionKey, 'base64'),
    Buffer.from(iv, 'base64'),
  )
  const openData = JSON.parse(decipher.update(encryptedData, 'base64', 'utf8') + decipher.final('utf8'))
  expect(openData).toMatchObject({ openId: phone.openid, unionId: phone.unionid, nickName: 'alice' })
  expect(openData.watermark).toEqual({ timestamp: world.clock.ms / 1000, appid: APP_ID })
  expect(signature).toBe(
    createHash('sha1')
      .update(rawData + sessionKey)
      .digest('hex'),
  )
  expect(JSON.parse(rawData)).not.toHaveProperty('openId')
})

test('a phone without a session key says that somebody must log in first', () => {
  expect(() => world.simulator.phone('alice').userInfo()).toThrow(/log in first/)
})
