import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest'
import type { Phone } from '../../scripts/simulator/phone.ts'
import { APP_SECRET, SERVER_KEY, TEMPLATE_ID } from '../support/world.ts'
import { type Backend, startBackend } from './support/backend.ts'
import { checkMedia } from './support/checkMedia.ts'
import { startGateway } from './support/gateway.ts'
import {
  type GatewayRequest,
  type GatewayResult,
  payload1,
  payload2,
  scheduledEvent,
} from './support/gatewayEvents.ts'
import { type Lambda, RUNTIMES, type RuntimeName, startLambda } from './support/lambda.ts'
import { CALLED, PUSHED } from './support/strangers.ts'
import { walk } from './support/walk.ts'

const FOLDER = join(inject('artifacts'), 'lambda')

const replyOf = ({ body }: GatewayResult) => JSON.parse(body)

describe.each(Object.keys(RUNTIMES) as RuntimeName[])('in %s', (runtime) => {
  let backend: Backend
  let alice: Phone
  let phones = 0
  const started = new Map<string, Promise<Lambda>>()

  beforeAll(async () => {
    backend = await startBackend()
  })

  afterAll(async () => {
    await Promise.all([...started.values()].map(async (lambda) => (await lambda).close()))
    await backend.close()
  })

  beforeEach(() => {
    phones++
    alice = backend.simulator.phone(`alice${phones}`)
  })

  afterEach(() => backend.simulator.pushTo(undefined))

  /** The one warm process of a function. */
  function lambdaOf(name: string): Promise<Lambda> {
    const lambda = started.get(name) ?? startLambda(runtime, join(FOLDER, name), backend.environment)
    started.set(name, lambda)
    return lambda
  }

  const invoke = async (name: string, event: unknown, timeoutMs?: number) =>
    (await (await lambdaOf(name)).invoke(event, timeoutMs)) as GatewayResult

  const post = (name: string, input: unknown, token = '', headers: Record<string, string> = {}) =>
    invoke(
      name,
      payload2(name, {
        body: JSON.stringify(input),
        headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
      }),
    )

  const logIn = async (): Promise<string> => replyOf(await post('login', alice.login())).data.token

  test.each(CALLED)('$name answers a stranger in one well-formed reply', async ({ name, status, reply }) => {
    const result = await post(name, {})

    expect(result.statusCode).toEqual(status)
    expect(replyOf(result)).toMatchObject(reply)
  })

  /** The URL of a function behind an API. */
  const urlOf = (name: string, toEvent: (name: string, request: GatewayRequest) => object = payload2) =>
    startGateway((request) => invoke(name, toEvent(name, request)))

  test.each(PUSHED)('%s answers a stranger with a status and nothing else', async (name) => {
    const refusal = { statusCode: 401, headers: { 'cache-control': 'no-store' }, body: '' }

    expect(await post(name, {})).toEqual({ ...refusal, isBase64Encoded: false })
    expect(await invoke(name, payload1(name, { method: 'GET' }))).toEqual({
      ...refusal,
      isBase64Encoded: false,
    })
  })

  test('a user with a token is served by all functions', async () => {
    await walk({
      simulator: backend.simulator,
      phone: alice,
      target: { url: await urlOf('receiveMessage'), ...backend.pushSettings },
      call: async ({ name, caller, input, token }) =>
        caller === 'timer' ? invoke(name, scheduledEvent) : replyOf(await post(name, input, token)),
    })

    expect(backend.simulator.sentMessages.filter(({ touser }) => touser === alice.openid)).toHaveLength(1)
  })

  describe.each([
    ['an HTTP API', payload2],
    ['a REST API', payload1],
  ] as const)('through %s', (_, toEvent) => {
    test.each(['json', 'xml'] as const)(
      'WeChat verifies the URL, and pushes a verdict as %s',
      async (format) => {
        const { simulator, pushSettings } = backend
        // WeChat checks for users who were there lately.
        alice.login()
        const byServer = (name: string, input: object) =>
          invoke(name, name === 'checkContent' ? { ...input, openid: alice.openid } : input)

        simulator.pushTo({ url: await urlOf('receiveMessage', toEvent), ...pushSettings, format })

        expect(await simulator.verifyPushUrl()).toMatchObject({ isVerified: true })
        await checkMedia(simulator, byServer)
      },
    )

    test('a push that is signed with another token is refused', async () => {
      const { simulator, pushSettings } = backend
      simulator.pushTo({
        url: await urlOf('receiveMessage', toEvent),
        ...pushSettings,
        token: 'somebody-elses',
      })

      alice.sendText('hi')
      await simulator.pushesDone()

      expect(await simulator.verifyPushUrl()).toMatchObject({ isVerified: false, status: 401, body: '' })
      const refused = { status: 401, body: '' }
      expect(simulator.pushes.at(-1)).toMatchObject({
        outcome: 'given up',
        attempts: [refused, refused, refused],
      })
    })
  })

  test('whoever may invoke the function directly is not WeChat', async () => {
    const message = { FromUserName: alice.openid, CreateTime: 1, MsgType: 'text', Content: 'hi', MsgId: '1' }

    expect(await invoke('receiveMessage', message)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
  })

  test('a reply is JSON that nobody keeps', async () => {
    expect(await post('login', alice.login())).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      body: expect.any(String),
      isBase64Encoded: false,
    })
  })

  test('a body in base64 is read', async () => {
    const body = Buffer.from(JSON.stringify(alice.login()))

    expect(await invoke('login', payload2('login', { body }))).toMatchObject({ statusCode: 200 })
  })

  test('a REST API is answered like an HTTP API', async () => {
    const login = await invoke('login', payload1('login', { body: JSON.stringify(alice.login()) }))
    expect(login).toMatchObject({ statusCode: 200, isBase64Encoded: false })

    const headers = { Authorization: `Bearer ${replyOf(login).data.token}` }

    expect(await invoke('checkSession', payload1('checkSession', { headers, body: '{}' }))).toMatchObject({
      statusCode: 200,
    })
    expect(await invoke('checkSession', payload1('checkSession', { headers }))).toMatchObject({
      statusCode: 200,
    })
    expect(await invoke('checkSession', payload1('checkSession', { method: 'GET', headers }))).toMatchObject({
      statusCode: 405,
    })
  })

  test('an image is answered as bytes to whoever asks for one', async () => {
    const token = await logIn()
    const image = await post('getQrCode', { scene: 'seat=1' }, token, { accept: 'image/*' })
    const json = await post('getQrCode', { scene: 'seat=1' }, token)

    expect(image).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'image/jpeg' },
      isBase64Encoded: true,
    })
    expect(alice.scan(Buffer.from(image.body, 'base64'))).toMatchObject({ scene: 'seat=1' })
    expect(replyOf(json).data).toMatchObject({ imageBase64: image.body, cached: true })
  })

  test('whoever may invoke the function directly is a server, and its event the input', async () => {
    alice.acceptSubscribe(TEMPLATE_ID)
    const data = { thing1: 'Coffee', date2: '2026-01-15 16:30', amount3: '￥18.00' }

    expect(
      await invoke('sendSubscribeMessage', { templateId: TEMPLATE_ID, data, touser: alice.openid }),
    ).toMatchObject({ ok: true, data: { status: 'sent' } })
    expect(await invoke('logout', {})).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
    expect(await invoke('refreshAccessToken', {})).toMatchObject({ ok: true })
  })

  test('a schedule that a client makes up is a request of a stranger', async () => {
    const body = JSON.stringify(scheduledEvent)

    expect(await invoke('refreshAccessToken', payload2('refreshAccessToken', { body }))).toMatchObject({
      statusCode: 401,
    })
  })

  test('one process serves fifty calls of a session and asks for one access token', async () => {
    const token = await logIn()
    backend.simulator.killAccessTokens()
    const fetches = backend.simulator.requests('/cgi-bin/stable_token').length

    for (let call = 0; call < 50; call++) {
      expect(replyOf(await post('checkSession', {}, token))).toEqual({ ok: true, data: { valid: true } })
    }

    expect(backend.simulator.requests('/cgi-bin/stable_token')).toHaveLength(fetches + 1)
  })

  test('a session that another process has ended is ended for a warm one', async () => {
    const token = await logIn()
    expect(await post('checkSession', {}, token)).toMatchObject({ statusCode: 200 })

    expect(await post('logout', {}, token)).toMatchObject({ statusCode: 200 })

    expect(await post('checkSession', {}, token)).toMatchObject({ statusCode: 401 })
  })

  test('the reply leaves before the deadline that Lambda names', async () => {
    backend.simulator.faults.add({ path: '/sns/jscode2session', latencyMs: 3000 })
    const event = payload2('login', { body: JSON.stringify(alice.login()) })

    expect(await invoke('login', event, 1000)).toMatchObject({ statusCode: 504 })
  })

  test('every call is logged in one line, which shows nobody and no secret', async () => {
    const lambda = await lambdaOf('login')
    const token = await logIn()
    const lines = lambda.output.split('\n').filter((line) => line.includes('"function":"login"'))

    expect(lines.length).toBeGreaterThan(1)
    for (const secret of [alice.openid, token, APP_SECRET, SERVER_KEY, backend.environment.STATE_KEYS]) {
      expect(lambda.output).not.toContain(secret)
    }
  })

  test('every push is logged in one line, which shows neither who nor what nor a secret', async () => {
    const { simulator, pushSettings } = backend
    const lambda = await lambdaOf('receiveMessage')
    const linesBefore = lambda.output.split('\n').length
    simulator.pushTo({ url: await urlOf('receiveMessage'), ...pushSettings })

    alice.sendText('meet me at nine')
    await simulator.pushesDone()

    expect(lambda.output.split('\n').length).toBe(linesBefore + 1)
    for (const secret of [alice.openid, 'meet me', pushSettings.token, pushSettings.aesKey]) {
      expect(lambda.output).not.toContain(secret)
    }
  })

  test('a bundle that cannot be imported is reported to Lambda', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'broken-lambda-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'index.mjs'), "throw new Error('no')")

    const lambda = await startLambda(runtime, folder, {})

    expect(await lambda.exited).not.toBe(0)
    expect(lambda.initErrors).toMatchObject([{ errorMessage: expect.stringContaining('no') }])
    await lambda.close()
  })
})
