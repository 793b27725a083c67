import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import type { LoginOutput } from '../../functions/login/index.ts'
import type { Success } from '../../shared/function/reply.ts'
import { APP_ID } from '../support/world.ts'
import { type Backend, startBackend } from './support/backend.ts'
import { checkMedia } from './support/checkMedia.ts'
import { accessEvent, attestedFor } from './support/cloudBaseCalls.ts'
import { dryRun, type FunctionsFramework, startFunctionsFramework } from './support/functionsFramework.ts'
import { startGateway } from './support/gateway.ts'
import { accessRequest } from './support/gatewayEvents.ts'
import { CALLED, NAMES, PUSHED } from './support/strangers.ts'

const FOLDER = join(inject('artifacts'), 'cloudbase')
const USERS = ['alice', 'bob', 'carol', 'dave']

let backend: Backend
let framework: FunctionsFramework

beforeAll(async () => {
  backend = await startBackend()
  framework = await startFunctionsFramework(FOLDER, NAMES, {
    ...backend.environment,
    // What an event function's instance would hold after a call of this user.
    ...attestedFor(backend.simulator.phone('victim')),
  })
}, 30_000)

afterAll(async () => {
  await framework?.close()
  await backend.close()
})

function send(name: string, input: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${framework.url}/${name}`, { method: 'POST', headers, body: JSON.stringify(input) })
}

const post = async <O = object>(name: string, input: unknown) =>
  (await (await send(name, input)).json()) as Success<O>

/** The one shape that carries a token here: the body is what the HTTP access service would pass. */
const withToken = (input: unknown, token: string) => accessEvent(input, { authorization: `Bearer ${token}` })

test('every bundle passes a dry run', async () => {
  expect(await dryRun(FOLDER, NAMES)).toBe(0)
})

test('a bundle that cannot be loaded does not pass a dry run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'broken-functions-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'broken'))
  await writeFile(join(folder, 'broken/index.js'), "throw new Error('no')")

  expect(await dryRun(folder, ['broken'])).toBe(1)
})

test('an anonymous function answers, as its context names no caller', async () => {
  const phone = backend.simulator.phone('alice')

  expect(await post('login', phone.login())).toMatchObject({ ok: true, data: { openid: phone.openid } })
  expect(await post('login', {})).toMatchObject({
    ok: false,
    error: { code: 'INVALID_ARGUMENT', field: 'code' },
  })
})

test.each(CALLED)(
  '$name takes nobody for the user whom the process still remembers',
  async ({ name, reply }) => {
    expect(await post(name, {})).toMatchObject(reply)
  },
)

test.each(PUSHED)('%s answers a stranger with a status and nothing else', async (name) => {
  const response = await send(name, accessEvent({}))

  expect([response.status, await response.text()]).toEqual([401, ''])
})

test('a push that is passed on as a request is heard', async () => {
  const { simulator, pushSettings } = backend
  const { data } = await post<LoginOutput>('login', accessEvent(simulator.phone('erin').login()))
  const url = await startGateway(async (request) => {
    const response = await send('receiveMessage', accessRequest(request))
    return { statusCode: response.status, headers: {}, body: await response.text(), isBase64Encoded: false }
  })
  simulator.pushTo({ url, ...pushSettings })
  onTestFinished(() => simulator.pushTo(undefined))

  expect(await simulator.verifyPushUrl()).toMatchObject({ isVerified: true })
  await checkMedia(simulator, (name, input) => post(name, withToken(input, data.token ?? '')))
})

test('an event or a header that claims to be the context is not believed', async () => {
  const { openid } = backend.simulator.phone('victim')
  const environment = JSON.stringify({ TCB_SOURCE: 'wx_client', WX_APPID: APP_ID, WX_OPENID: openid })
  const claims = [
    { environment, environ: `TCB_SOURCE=wx_client;WX_APPID=${APP_ID};WX_OPENID=${openid}` },
    { userInfo: { appId: APP_ID, openId: openid } },
    { Type: 'Timer', TriggerName: 'refresh' },
  ]

  for (const claim of claims) {
    for (const name of ['checkSession', 'refreshAccessToken']) {
      expect(await post(name, claim)).toMatchObject({ ok: false, error: { code: 'UNAUTHENTICATED' } })
    }
  }
})

test('requests that run at once in one process never borrow the identity of another', async () => {
  backend.simulator.keepSessionKeys()
  const users = await Promise.all(
    USERS.map(async (name) => {
      const phone = backend.simulator.phone(name)
      const { data } = await post<LoginOutput>('login', accessEvent(phone.login()))
      return { phone, token: data.token ?? '' }
    }),
  )
  const round = users.flatMap(({ phone, token }) => [
    async () => {
      expect(await post('decryptOpenData', withToken(phone.userInfo(), token))).toMatchObject({
        data: { openData: { openId: phone.openid } },
      })
    },
    async () => {
      expect(await post('checkSession', accessEvent({}))).toMatchObject({
        error: { code: 'UNAUTHENTICATED' },
      })
    },
    async () => {
      expect(await post('login', accessEvent(phone.login()))).toMatchObject({
        data: { openid: phone.openid },
      })
    },
  ])

  for (let rounds = 0; rounds < 10; rounds++) await Promise.all(round.map((request) => request()))
})
