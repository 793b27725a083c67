import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
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
import { cloudCallToSimulator } from '../support/cloudCallToSimulator.ts'
import { type FakeCloudBase, startFakeCloudBase } from '../support/fakeCloudBase.ts'
import { createFakeDatabase } from '../support/fakeCloudBaseDatabase.ts'
import { APP_ID, APP_SECRET, TEMPLATE_ID } from '../support/world.ts'
import { type Backend, startBackend } from './support/backend.ts'
import { checkMedia } from './support/checkMedia.ts'
import { accessEvent, byPush, byTimer, callFunctionBy } from './support/cloudBaseCalls.ts'
import { startGateway } from './support/gateway.ts'
import { accessRequest, payload2 } from './support/gatewayEvents.ts'
import { RUNTIMES, type RuntimeName, startLambda } from './support/lambda.ts'
import { invokeInScf, type ScfInvocation } from './support/scfBootstrap.ts'
import { walk } from './support/walk.ts'

const ARTIFACTS = inject('artifacts')
const COLLECTION = 'states'

const database = createFakeDatabase(COLLECTION)
let backend: Backend
let cloudBase: FakeCloudBase
/** The variables of a deployment that keeps its state in CloudBase's database and knows of no other store. */
let environment: Readonly<Record<string, string>>
let alice: Phone
let phones = 0

beforeAll(async () => {
  backend = await startBackend()
  cloudBase = await startFakeCloudBase({
    database,
    openApi: cloudCallToSimulator(backend.simulator, { appId: APP_ID, appSecret: APP_SECRET }),
  })
  const ours = Object.entries(backend.environment).filter(([name]) => !name.startsWith('AWS_'))
  environment = {
    ...Object.fromEntries(ours),
    ...cloudBase.environment,
    STATE_STORE: 'cloudbase',
    STATE_TABLE: COLLECTION,
  }
})

afterAll(async () => {
  await cloudBase?.close()
  await backend.close()
})

beforeEach(() => {
  phones++
  alice = backend.simulator.phone(`alice${phones}`)
  database.isDown = false
})

const invoke = (name: string, event: unknown, options: Partial<ScfInvocation> = {}) =>
  invokeInScf(join(ARTIFACTS, 'cloudbase', name), {
    event,
    ...options,
    environment: { ...environment, ...options.environment },
  })

type AttestedCall = Required<Pick<ScfInvocation, 'event' | 'attested'>>

const invokeBy = (name: string, { event, attested }: AttestedCall) => invoke(name, event, { attested })

/** `wx.cloud.callFunction` by Alice, in a process of its own. */
const call = (name: string, input: object, changed: Readonly<Record<string, string>> = {}) => {
  const { event, attested } = callFunctionBy(alice, input)
  return invoke(name, event, { attested, environment: changed })
}

const failure = (code: string, more: object = {}) => ({ ok: false, error: { code, ...more } })

const message = {
  templateId: TEMPLATE_ID,
  data: { thing1: 'Coffee', date2: '2026-01-15 16:30', amount3: '￥18.00' },
  requestKey: 'order-1',
}

const sentToAlice = () => backend.simulator.sentMessages.filter(({ touser }) => touser === alice.openid)

describe('on CloudBase, each call in a process of its own', () => {
  test('a user is served by all functions', async () => {
    await walk({
      simulator: backend.simulator,
      phone: alice,
      target: { deliver: (message) => invokeBy('receiveMessage', byPush(message)) },
      call: ({ name, caller, input }) => (caller === 'timer' ? invokeBy(name, byTimer) : call(name, input)),
    })

    expect(sentToAlice()).toHaveLength(1)
    expect(database.documents(COLLECTION)).not.toEqual([])
  })

  test('a message is sent once, however often it is asked for', async () => {
    await call('login', alice.login())
    alice.acceptSubscribe(TEMPLATE_ID)
    alice.acceptSubscribe(TEMPLATE_ID)

    expect(await call('sendSubscribeMessage', message)).toMatchObject({ ok: true, data: { status: 'sent' } })
    expect(await call('sendSubscribeMessage', message)).toMatchObject({ ok: true, data: { repeated: true } })
    expect(
      await call('sendSubscribeMessage', { ...message, data: { ...message.data, thing1: 'Tea' } }),
    ).toMatchObject(failure('IDEMPOTENCY_MISMATCH'))

    expect(sentToAlice()).toHaveLength(1)
  })

  test('of many who ask for one message at once, one sends it', async () => {
    await call('login', alice.login())
    alice.acceptSubscribe(TEMPLATE_ID)
    alice.acceptSubscribe(TEMPLATE_ID)

    const replies = await Promise.all([1, 2, 3, 4].map(() => call('sendSubscribeMessage', message)))

    expect(sentToAlice()).toHaveLength(1)
    for (const reply of replies) {
      expect([true, 'IN_PROGRESS']).toContain((reply as Reply).error?.code ?? (reply as Reply).ok)
    }
  })

  test('a challenge is good for one attempt', async () => {
    await call('login', alice.login())
    const { data } = (await call('createSoterChallenge', { purpose: 'pay' })) as Reply
    const signed = { ...alice.soter({ challenge: data?.challenge ?? '' }), purpose: 'pay' }

    expect(await call('verifySoter', signed)).toMatchObject({ ok: true, data: { verified: true } })
    expect(await call('verifySoter', signed)).toMatchObject(failure('BIOMETRIC_FAILED'))
  })

  test('a code that was made is found again', async () => {
    await call('login', alice.login())
    const scene = { scene: `seat=${phones}` }

    expect(await call('getQrCode', scene)).toMatchObject({ data: { cached: false } })
    expect(await call('getQrCode', scene)).toMatchObject({ data: { cached: true } })
  })

  test('a session that was ended is ended for every function', async () => {
    await call('login', alice.login())
    expect(await call('checkSession', {})).toMatchObject({ data: { valid: true } })

    expect(await call('logout', {})).toMatchObject({ data: { revoked: 1 } })

    expect(await call('checkSession', {})).toMatchObject(failure('SESSION_EXPIRED'))
    expect(await call('decryptOpenData', alice.userInfo())).toMatchObject(failure('SESSION_EXPIRED'))
  })

  test('what is at rest shows no token, no openid and no secret', async () => {
    const { data } = (await call('login', alice.login())) as Reply
    const atRest = JSON.stringify(database.documents(COLLECTION))

    for (const secret of [data?.token ?? '', alice.openid, APP_SECRET]) expect(atRest).not.toContain(secret)
  })

  test('with the database down a login refuses before it spends the code', async () => {
    const code = alice.login()
    const exchanges = backend.simulator.requests('/sns/jscode2session').length
    database.isDown = true

    expect(await call('login', code)).toMatchObject(failure('STATE_UNAVAILABLE', { retryable: true }))

    database.isDown = false
    expect(backend.simulator.requests('/sns/jscode2session')).toHaveLength(exchanges)
    expect(await call('login', code)).toMatchObject({ ok: true })
  })

  test.each([
    ['STATE_TABLE', 'a collection that is not there', { STATE_TABLE: 'forgotten' }],
    ['TENCENTCLOUD_SECRETID', 'a credential that is missing', { TENCENTCLOUD_SECRETID: '' }],
    ['TCB_ENV', 'an environment that is missing', { TCB_ENV: '' }],
  ])('%s is named for %s', async (name, _, changed) => {
    expect(await call('login', alice.login(), changed)).toMatchObject(
      failure('CONFIG_ERROR', { message: expect.stringContaining(name) }),
    )
  })
})

describe('a push on CloudBase', () => {
  const verdictFor = (phone: Phone) => ({
    ToUserName: APP_ID,
    FromUserName: phone.openid,
    CreateTime: 1_768_464_000,
    MsgType: 'event',
    Event: 'wxa_media_check',
    appid: APP_ID,
    trace_id: `trace-of-${phone.openid}`,
    version: 2,
    errcode: 0,
    result: { suggest: 'pass', label: 100 },
  })
  const writes = () => database.operations.filter((name) => name !== 'database.getDocument')

  afterEach(() => backend.simulator.pushTo(undefined))

  test('is acknowledged once it is written down, and once only', async () => {
    const before = database.documents(COLLECTION).length

    expect(await invokeBy('receiveMessage', byPush(verdictFor(alice)))).toBe('success')
    expect(await invokeBy('receiveMessage', byPush(verdictFor(alice)))).toBe('success')

    expect(database.documents(COLLECTION)).toHaveLength(before + 1)
  })

  test.each(['wx_client', 'wx_devtools'])(
    'that somebody makes up in a call from %s is refused, and nothing is written',
    async (source) => {
      const { event, attested } = callFunctionBy(alice, verdictFor(alice))
      const before = writes()

      expect(
        await invokeBy('receiveMessage', { event, attested: { ...attested, TCB_SOURCE: source } }),
      ).toMatchObject(failure('FORBIDDEN'))
      expect(writes()).toEqual(before)
    },
  )

  test('is not acknowledged while the database is down', async () => {
    database.isDown = true

    expect(await invokeBy('receiveMessage', byPush(verdictFor(alice)))).toMatchObject(
      failure('STATE_UNAVAILABLE'),
    )
  })

  describe('through the HTTP access service', () => {
    const pushToAccess = async (settings: object) => {
      const url = await startGateway((request) => invoke('receiveMessage', accessRequest(request)))
      backend.simulator.pushTo({ url, ...backend.pushSettings, ...settings })
    }

    test.each(['json', 'xml'] as const)(
      'comes after WeChat has verified the URL, and brings a verdict as %s',
      async (format) => {
        const { simulator } = backend
        // WeChat checks for users who were there lately.
        alice.login()
        await pushToAccess({ format })

        expect(await simulator.verifyPushUrl()).toMatchObject({ isVerified: true })
        await checkMedia(simulator, call)
      },
    )

    test('is refused with a status and nothing else when it is signed with another token', async () => {
      const { simulator } = backend
      await pushToAccess({ token: 'somebody-elses' })
      const before = writes()

      alice.sendText('hi')
      await simulator.pushesDone()

      const refused = { status: 401, body: '' }
      expect(simulator.pushes.at(-1)).toMatchObject({
        outcome: 'given up',
        attempts: [refused, refused, refused],
      })
      expect(writes()).toEqual(before)
    })
  })
})

describe('without state', () => {
  /** The built function with SDKs that tell when they are loaded. */
  async function copyWithoutSdks(platform: string, name: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'without-sdks-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await cp(join(ARTIFACTS, platform, name), folder, { recursive: true })
    const sdks = (await readdir(folder)).filter((file) => /-sdk\.c?js$/.test(file))
    expect(sdks).toContain('cloudbase-node-sdk.cjs')
    for (const sdk of sdks) await writeFile(join(folder, sdk), `throw new Error('${sdk} was loaded')`)
    return folder
  }

  test('a login without a code loads no SDK, and one with a code would', async () => {
    const folder = await copyWithoutSdks('cloudbase', 'login')
    const invokeCopy = (input: object) =>
      invokeInScf(folder, { ...callFunctionBy(alice, input), environment })

    expect(await invokeCopy({})).toEqual({ ok: true, data: { openid: alice.openid, unionid: alice.unionid } })
    expect(await invokeCopy(alice.login())).toMatchObject(failure('INTERNAL'))
  })

  test('a call that is refused for its input loads no SDK on Lambda', async () => {
    const folder = await copyWithoutSdks('lambda', 'login')
    const lambda = await startLambda('aws-lambda-ric 3.3.0', folder, environment)
    onTestFinished(lambda.close)

    expect(await lambda.invoke(payload2('login', { body: '{}' }))).toMatchObject({ statusCode: 400 })
  })

  test('a text that is judged by a cloud call does not touch the database', async () => {
    // WeChat checks for users who were there lately.
    alice.login()
    const before = database.operations.length
    const text = { type: 'text', scene: 2, content: 'good coffee' }

    expect(await call('checkContent', text, { WECHAT_TRANSPORT: 'cloudcall' })).toMatchObject({
      ok: true,
      data: { suggest: 'pass' },
    })
    expect(database.operations).toHaveLength(before)
  })
})

describe.each(Object.keys(RUNTIMES) as RuntimeName[])('on Lambda, in %s', (runtime) => {
  /** What a deployment to Lambda sets: no more than the way to the environment. */
  const onLambda = () => {
    const { TENCENTCLOUD: _, ...others } = environment
    return others
  }

  async function start(name: string) {
    const lambda = await startLambda(runtime, join(ARTIFACTS, 'lambda', name), onLambda())
    onTestFinished(lambda.close)
    return async (input: object, token = ''): Promise<Reply> => {
      const headers = { ...(token && { authorization: `Bearer ${token}` }) }
      const event = payload2(name, { body: JSON.stringify(input), headers })
      return JSON.parse(((await lambda.invoke(event)) as { body: string }).body)
    }
  }

  test('a session is the same for functions on Lambda and on CloudBase', async () => {
    const [login, checkSession, logout] = await Promise.all(['login', 'checkSession', 'logout'].map(start))
    const token = (await login?.(alice.login()))?.data?.token ?? ''
    const headers = { authorization: `Bearer ${token}` }

    expect(await checkSession?.({}, token)).toEqual({ ok: true, data: { valid: true } })
    expect(await invoke('checkSession', accessEvent({}, headers))).toMatchObject({ statusCode: 200 })

    expect(await logout?.({}, token)).toEqual({ ok: true, data: { revoked: 1 } })

    expect(await checkSession?.({}, token)).toMatchObject(failure('UNAUTHENTICATED'))
    expect(await invoke('checkSession', accessEvent({}, headers))).toMatchObject({ statusCode: 401 })
  })
})

type Reply = {
  readonly ok: boolean
  readonly data?: Readonly<Record<string, string>>
  readonly error?: { readonly code: string }
}
