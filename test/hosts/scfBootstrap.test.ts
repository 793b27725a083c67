import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import type { Phone } from '../../scripts/simulator/phone.ts'
import { APP_ID, SERVER_KEY } from '../support/world.ts'
import { type Backend, startBackend } from './support/backend.ts'
import { accessEvent, attestedFor, byPush, byTimer, callFunctionBy } from './support/cloudBaseCalls.ts'
import { invokeInScf, type ScfInvocation } from './support/scfBootstrap.ts'
import { CALLED, PUSHED } from './support/strangers.ts'
import { walk } from './support/walk.ts'

const FOLDER = join(inject('artifacts'), 'cloudbase')
/** A port that nothing listens on. */
const NOWHERE = 'http://127.0.0.1:1'

let backend: Backend
let alice: Phone

beforeAll(async () => {
  backend = await startBackend()
})

afterAll(() => backend.close())

let phones = 0

beforeEach(() => {
  phones++
  alice = backend.simulator.phone(`alice${phones}`)
})

const invoke = (name: string, event: unknown, options: Partial<ScfInvocation> = {}) =>
  invokeInScf(join(FOLDER, name), {
    event,
    ...options,
    environment: { ...backend.environment, ...options.environment },
  })

const invokeBy = (
  name: string,
  { event, ...options }: Partial<ScfInvocation> & Pick<ScfInvocation, 'event'>,
) => invoke(name, event, options)

/** `wx.cloud.callFunction` of this phone. */
const callFunction = (phone: Phone, name: string, data: object, options: Partial<ScfInvocation> = {}) =>
  invokeBy(name, { ...callFunctionBy(phone, data), ...options })

const failure = (code: string, more: object = {}) => ({ ok: false, error: { code, ...more } })

const tokenFetches = () => backend.simulator.requests('/cgi-bin/stable_token').length

describe('every CloudBase bundle runs in the SCF bootstrap', () => {
  test.concurrent.each(CALLED)(
    '$name answers a stranger in one well-formed reply',
    async ({ name, reply }) => {
      expect(await invoke(name, {})).toMatchObject(reply)
    },
  )

  test.concurrent.each(PUSHED)('%s answers a stranger with a status and nothing else', async (name) => {
    expect(await invoke(name, accessEvent({}))).toEqual({
      statusCode: 401,
      headers: { 'cache-control': 'no-store' },
      body: '',
      isBase64Encoded: false,
    })
  })

  test('a user of the mini program is served by all functions, each in a process of its own', async () => {
    await walk({
      simulator: backend.simulator,
      phone: alice,
      target: { deliver: (message) => invokeBy('receiveMessage', byPush(message)) },
      call: ({ name, caller, input }) =>
        caller === 'timer' ? invokeBy(name, byTimer) : callFunction(alice, name, input),
    })

    expect(backend.simulator.sentMessages.filter(({ touser }) => touser === alice.openid)).toHaveLength(1)
  })
})

describe('a login through callFunction', () => {
  test('without a code tells who the caller is, and opens no session', async () => {
    const reply = await callFunction(alice, 'login', {})

    expect(reply).toEqual({ ok: true, data: { openid: alice.openid, unionid: alice.unionid } })
    expect(await callFunction(alice, 'checkSession', {})).toMatchObject(failure('SESSION_EXPIRED'))
  })

  test('with a code of the phone opens a session, which the next processes use and end', async () => {
    const login = await callFunction(alice, 'login', alice.login())
    expect(login).toMatchObject({ ok: true, data: { openid: alice.openid, token: expect.any(String) } })

    const sealed = alice.userInfo()
    expect(await callFunction(alice, 'decryptOpenData', sealed)).toMatchObject({
      ok: true,
      data: { openData: { openId: alice.openid }, integrity: 'verified' },
    })
    expect(await callFunction(alice, 'logout', {})).toEqual({ ok: true, data: { revoked: 1 } })
    expect(await callFunction(alice, 'decryptOpenData', sealed)).toMatchObject(failure('SESSION_EXPIRED'))
  })

  test("with another user's code is refused", async () => {
    const mallory = backend.simulator.phone('mallory')

    expect(await callFunction(mallory, 'login', alice.login())).toMatchObject(failure('FORBIDDEN'))
    expect(await callFunction(alice, 'checkSession', {})).toMatchObject(failure('SESSION_EXPIRED'))
  })
})

describe('a timer', () => {
  test('refreshes the access token', async () => {
    const reply = await invoke('refreshAccessToken', byTimer.event, { attested: byTimer.attested })

    expect(reply).toEqual({
      ok: true,
      data: { refreshed: expect.any(Boolean), expiresAtMs: expect.any(Number) },
    })
  })

  test.each([
    ['a user who sends its event', 'FORBIDDEN', () => attestedFor(alice)],
    ['a user whose source claims it', 'FORBIDDEN', () => ({ ...attestedFor(alice), TRIGGER_SRC: 'timer' })],
    [
      'a timer that carries an openid',
      'UNAUTHENTICATED',
      () => ({ ...byTimer.attested, WX_OPENID: alice.openid }),
    ],
    ['nobody who sends its event', 'UNAUTHENTICATED', () => ({})],
  ])('is not %s', async (_, code, attested) => {
    const before = tokenFetches()

    expect(await invoke('refreshAccessToken', byTimer.event, { attested: attested() })).toMatchObject(
      failure(code),
    )
    expect(tokenFetches()).toBe(before)
  })
})

describe('a request through the HTTP access service', () => {
  const logIn = async () => {
    const response = await invoke('login', accessEvent(alice.login()))
    const { data } = JSON.parse((response as { body: string }).body)
    return { authorization: `Bearer ${data.token}` }
  }

  test('is answered with status, headers and the reply as text', async () => {
    const response = (await invoke('login', accessEvent(alice.login()))) as { body: string }

    expect(response).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      body: expect.any(String),
      isBase64Encoded: false,
    })
    expect(JSON.parse(response.body)).toMatchObject({ ok: true, data: { openid: alice.openid } })
  })

  test('may have its body in base64', async () => {
    const body = Buffer.from(JSON.stringify(alice.login())).toString('base64')

    expect(await invoke('login', { ...accessEvent({}), body, isBase64Encoded: true })).toMatchObject({
      statusCode: 200,
    })
  })

  test('carries its user as a token', async () => {
    const headers = await logIn()

    expect(await invoke('decryptOpenData', accessEvent(alice.userInfo(), headers))).toMatchObject({
      statusCode: 200,
      body: expect.stringContaining(alice.openid),
    })
    expect(await invoke('logout', accessEvent({}, headers))).toMatchObject({ statusCode: 200 })
    expect(await invoke('logout', accessEvent({}, headers))).toMatchObject({ statusCode: 401 })
  })

  test('carries its server as a key', async () => {
    const headers = { Authorization: `Bearer ${SERVER_KEY}` }

    expect(await invoke('refreshAccessToken', accessEvent({}, headers))).toMatchObject({ statusCode: 200 })
  })

  test('gets an image as bytes when it asks for one', async () => {
    const headers = { ...(await logIn()), Accept: 'image/*' }
    const response = (await invoke('getQrCode', accessEvent({ scene: 'seat=1' }, headers))) as {
      body: string
    }

    expect(response).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'image/jpeg' },
      isBase64Encoded: true,
    })
    expect(alice.scan(Buffer.from(response.body, 'base64'))).toMatchObject({ scene: 'seat=1' })
  })

  test('is refused with another method than POST', async () => {
    const code = alice.login()
    const asked = { ...accessEvent({}), httpMethod: 'GET', body: '', queryStringParameters: code }

    expect(await invoke('login', asked)).toMatchObject({
      statusCode: 405,
      headers: { allow: 'POST' },
      body: expect.stringContaining('METHOD_NOT_ALLOWED'),
    })
    expect(await invoke('login', accessEvent(code))).toMatchObject({ statusCode: 200 })
  })

  test('that a user of callFunction has made up is their input, and nothing else', async () => {
    const headers = { authorization: `Bearer ${SERVER_KEY}` }
    const made = accessEvent({ type: 'limited', path: 'pages/index/index' }, headers)

    expect(await callFunction(alice, 'getQrCode', made)).toMatchObject(failure('INVALID_ARGUMENT'))
  })
})

describe('nobody is taken for somebody', () => {
  test.each([
    ['for another mini program', 'FORBIDDEN', () => ({ WX_APPID: 'wxffffffffffffffff' })],
    ['from another mini program', 'FORBIDDEN', () => ({ WX_FROM_APPID: 'wxffffffffffffffff' })],
    ['from an unknown source', 'UNAUTHENTICATED', () => ({ TCB_SOURCE: 'wx_unknown' })],
    ['from a source that only ends like ours', 'UNAUTHENTICATED', () => ({ TCB_SOURCE: 'not_wx_client' })],
    ['without an openid', 'UNAUTHENTICATED', () => ({ WX_OPENID: '' })],
    ['of a function that was called by a function', 'FORBIDDEN', () => ({ TCB_SOURCE: 'wx_client,scf' })],
  ])('a call %s is refused', async (_, code, changed) => {
    await callFunction(alice, 'login', alice.login())

    const attested = { ...attestedFor(alice), ...changed() }

    expect(await callFunction(alice, 'logout', {}, { attested })).toMatchObject(failure(code))
    expect(await callFunction(alice, 'checkSession', {})).toMatchObject({ ok: true })
  })

  test('the openid that a call before has left in the environment is no identity', async () => {
    await callFunction(alice, 'login', alice.login())
    const environment = attestedFor(alice)

    expect(await invoke('logout', {}, { environment })).toMatchObject(failure('UNAUTHENTICATED'))
    expect(await invoke('logout', accessEvent({}), { environment })).toMatchObject({ statusCode: 401 })
    expect(await invoke('logout', {}, { environment, attested: byTimer.attested })).toMatchObject(
      failure('FORBIDDEN'),
    )
    expect(await callFunction(alice, 'checkSession', {})).toMatchObject({ ok: true })
  })

  test('the openid that a client writes into its data is no identity', async () => {
    await callFunction(alice, 'login', alice.login())
    const mallory = backend.simulator.phone('mallory')
    const claimed = { userInfo: { appId: APP_ID, openId: alice.openid } }

    expect(await invoke('logout', claimed)).toMatchObject(failure('UNAUTHENTICATED'))
    expect(await invoke('logout', claimed, { attested: attestedFor(mallory) })).toMatchObject({
      data: { revoked: 0 },
    })
    expect(await callFunction(alice, 'checkSession', {})).toMatchObject({ ok: true })
  })
})

describe('no error leaves', () => {
  test.each([
    ['an event that is null', 'INVALID_ARGUMENT', null, {}],
    ['an event that is a text', 'INVALID_ARGUMENT', 'code', {}],
    ['an event that is a list', 'INVALID_ARGUMENT', [{ code: 'c' }], {}],
    [
      'an event that goes deep',
      'PAYLOAD_TOO_LARGE',
      JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`),
      {},
    ],
    ['a missing app id', 'CONFIG_ERROR', { code: 'c' }, { WECHAT_APP_ID: '' }],
    ['a malformed key', 'CONFIG_ERROR', { code: 'c' }, { STATE_KEYS: 'k1:short' }],
    ['an unknown log level', 'CONFIG_ERROR', { code: 'c' }, { LOG_LEVEL: 'loud' }],
    ['a store that is down', 'STATE_UNAVAILABLE', { code: 'c' }, { AWS_ENDPOINT_URL_DYNAMODB: NOWHERE }],
    ['a WeChat that is down', 'UPSTREAM_UNAVAILABLE', { code: 'c' }, { WECHAT_API_BASE_URL: NOWHERE }],
  ])('%s is told as %s', async (_, code, event, environment) => {
    const exchanges = backend.simulator.requests('/sns/jscode2session').length

    const reply = await invoke('login', event, { environment, attested: attestedFor(alice) })

    expect(reply).toMatchObject(failure(code))
    expect(backend.simulator.requests('/sns/jscode2session')).toHaveLength(exchanges)
    expect(JSON.stringify(reply)).not.toMatch(/ at |node:|127\.0\.0\.1|short/)
  })

  test('without a single variable a call is told which one is missing', async () => {
    const folder = join(FOLDER, 'checkSession')
    const attested = attestedFor(alice)

    expect(await invokeInScf(folder, { event: {}, attested, environment: {} })).toMatchObject(
      failure('CONFIG_ERROR', { message: expect.stringContaining('WECHAT_APP_ID') }),
    )
  })

  test('the reply leaves before the platform ends the call, though the bootstrap counts in seconds', async () => {
    backend.simulator.faults.add({ path: '/sns/jscode2session', latencyMs: 3000 })

    const reply = await callFunction(alice, 'login', alice.login(), { timeoutSeconds: 1 })

    expect(reply).toMatchObject(failure('CODE_OUTCOME_UNKNOWN'))
  })
})
