import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_TEMPLATES } from '../../scripts/simulator/templates.ts'
import { type Json, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const TEMPLATE = DEFAULT_TEMPLATES[0]?.id ?? ''

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

async function act(path: string, body?: unknown): Promise<{ status: number; json: Json }> {
  const bytes =
    body instanceof Uint8Array ? new Uint8Array(body) : body === undefined ? null : JSON.stringify(body)
  const response = await fetch(`${world.simulator.url}/phone/${path}`, { method: 'POST', body: bytes })
  return { status: response.status, json: JSON.parse(await response.text()) }
}

test('a login over HTTP gives a code of that very phone', async () => {
  const { status, json } = await act('alice/login')

  expect([status, Object.keys(json)]).toEqual([200, ['code']])
  expect(await world.login(String(json.code))).toMatchObject({
    openid: world.simulator.phone('alice').openid,
  })
})

test.each([
  ['userInfo', ['rawData', 'signature', 'encryptedData', 'iv']],
  ['encryptedPhoneNumber', ['encryptedData', 'iv']],
  ['weRunData', ['encryptedData', 'iv']],
  ['shareInfo', ['encryptedData', 'iv']],
  ['groupEnterInfo', ['encryptedData', 'iv']],
  ['privateMessage', ['encryptedData', 'iv']],
  ['phoneNumber', ['code']],
  ['cloudId', ['cloudID']],
])('%s answers the input of its function and nothing else', async (action, fields) => {
  await world.login(world.simulator.phone('alice').login().code)

  const { status, json } = await act(`alice/${action}`)

  expect([status, Object.keys(json)]).toEqual([200, fields])
})

test('user info before any login is a clear error', async () => {
  expect(await act('alice/userInfo')).toEqual({
    status: 400,
    json: { error: expect.stringContaining('log in first') },
  })
})

test('SOTER takes a bare challenge and gives the purpose back', async () => {
  const { json } = await act('alice/soter', { challenge: 'c', purpose: 'pay', saltLength: 32 })

  expect(json).toEqual({
    resultJSON: expect.any(String),
    resultJSONSignature: expect.any(String),
    purpose: 'pay',
  })
  expect(JSON.parse(String(json.resultJSON))).toMatchObject({ raw: 'c', rsa_pss_saltlen: 32 })
})

test('SOTER takes the whole reply of a function, with the purpose in the query', async () => {
  const reply = { ok: true, data: { challenge: 'c', expiresAtMs: 1 } }

  const { json } = await act('alice/soter?purpose=pay', reply)

  expect(json).toMatchObject({ purpose: 'pay', resultJSON: expect.stringContaining('"raw":"c"') })
})

test('a failed reply in place of the input is said to be one', async () => {
  const { status, json } = await act('alice/soter', { ok: false, error: { code: 'UNAUTHENTICATED' } })

  expect([status, json.error]).toEqual([400, expect.stringContaining('UNAUTHENTICATED')])
})

test('consents come as the results that recordSubscription takes', async () => {
  expect((await act('alice/acceptSubscribe', { templateIds: [TEMPLATE] })).json).toEqual({
    results: { [TEMPLATE]: 'accept' },
  })
  expect((await act(`alice/rejectSubscribe?templateIds=${TEMPLATE}`)).json).toEqual({
    results: { [TEMPLATE]: 'reject' },
  })
  expect(await act('alice/acceptSubscribe')).toMatchObject({ status: 400 })
})

test('consents can be taken back in the settings', async () => {
  await act('alice/acceptSubscribe', { templateIds: [TEMPLATE] })

  expect((await act(`alice/refuseInSettings?templateIds=${TEMPLATE}`)).json).toEqual({
    results: { [TEMPLATE]: 'reject' },
  })
  expect(world.simulator.grantsLeft(world.simulator.phone('alice').openid, TEMPLATE)).toBe(0)
})

test.each([
  ['sendText', { content: 'hi' }, { MsgType: 'text', Content: 'hi' }],
  ['sendImage', {}, { MsgType: 'image' }],
  [
    'sendMiniProgramPage',
    { title: 't', pagePath: 'pages/a' },
    { MsgType: 'miniprogrampage', Title: 't', PagePath: 'pages/a' },
  ],
  ['enterSession', { sessionFrom: 'x' }, { Event: 'user_enter_tempsession', SessionFrom: 'x' }],
])('%s is pushed', async (action, input, message) => {
  world.simulator.pushTo({ deliver: async () => 'success' })

  expect(await act(`alice/${action}`, input)).toMatchObject({ status: 200 })
  expect(world.simulator.pushes).toMatchObject([{ message }])
})

test.each(['sendText', 'sendMiniProgramPage'])('%s without what it says is a clear error', async (action) => {
  expect(await act(`alice/${action}`)).toMatchObject({
    status: 400,
    json: { error: expect.stringContaining('is missing') },
  })
})

test('a code is scanned from its bytes and from the reply of a function', async () => {
  const body = JSON.stringify({ scene: 'abc' })
  const drawn = await world.postRaw('/wxa/getwxacodeunlimit', { access_token: await world.token() }, body)
  const image = new Uint8Array(await drawn.arrayBuffer())
  const reply = {
    ok: true,
    data: { contentType: 'image/jpeg', imageBase64: Buffer.from(image).toString('base64') },
  }

  expect(await act('bob/scan', image)).toEqual({ status: 200, json: { scene: 'abc' } })
  expect(await act('bob/scan', reply)).toEqual({ status: 200, json: { scene: 'abc' } })
  expect(await act('bob/scan', new Uint8Array(5))).toEqual({
    status: 400,
    json: { error: expect.stringContaining('no code') },
  })
})

test.each(['alice/fly', 'alice/constructor', 'alice', 'al ice/login'])(
  '%s is no action of a phone',
  async (path) => {
    const { status, json } = await act(path)

    expect(status).toBe(404)
    expect(json).toMatchObject({
      error: expect.stringContaining('no such action'),
      actions: expect.any(Object),
    })
  },
)

test('the list of actions and a page that says what this is can be read', async () => {
  const list = await world.get('/phone')
  const page = await (await world.send('/', {})).text()

  expect(list.actions).toHaveProperty('login')
  expect(page).toContain('simulated WeChat')
})
