import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Backend, startBackend } from './support/backend.ts'
import { checkMedia } from './support/checkMedia.ts'
import { scheduledEvent } from './support/gatewayEvents.ts'
import { type ServerlessOffline, startServerlessOffline } from './support/serverlessOffline.ts'
import { CALLED, PUSHED } from './support/strangers.ts'
import { walk } from './support/walk.ts'

let backend: Backend
let offline: ServerlessOffline

beforeAll(async () => {
  backend = await startBackend()
  offline = await startServerlessOffline(inject('artifacts'), backend.environment)
}, 30_000)

afterAll(async () => {
  await offline?.close()
  await backend.close()
})

const post = (name: string, input: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${offline.url}/${name}`, { method: 'POST', headers, body: JSON.stringify(input) })

/** Lambda's own API, which only a principal that IAM allows may use. */
const invoke = (name: string, event: object) =>
  fetch(`${offline.lambdaUrl}-${name}/invocations`, { method: 'POST', body: JSON.stringify(event) })

test.concurrent.each(CALLED)('$name has a route of its name', async ({ name, status, reply }) => {
  const response = await post(name, {})

  expect(response.status).toEqual(status)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toMatchObject(reply)
})

test.concurrent.each(
  PUSHED.flatMap((name) => [
    ['GET', name],
    ['POST', name],
  ]),
)('%s /%s is a route that refuses strangers with a status and nothing else', async (method, name) => {
  const response = await fetch(`${offline.url}/${name}`, { method })

  expect([response.status, await response.text()]).toEqual([401, ''])
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test.each([
  ['GET', 'login'],
  ['PUT', 'receiveMessage'],
  ['POST', 'nothing'],
  ['POST', 'login/more'],
])('%s /%s leads nowhere', async (method, path) => {
  expect((await fetch(`${offline.url}/${path}`, { method })).status).toBe(404)
})

test('a user with a token and the timer are served by all functions', async () => {
  await walk({
    simulator: backend.simulator,
    phone: backend.simulator.phone('alice'),
    target: { url: `${offline.url}/receiveMessage`, ...backend.pushSettings },
    async call({ name, caller, input, token }) {
      const response =
        caller === 'timer'
          ? await invoke(name, scheduledEvent)
          : await post(name, input, token ? { authorization: `Bearer ${token}` } : {})
      return response.json()
    },
  })

  expect(backend.simulator.sentMessages).toHaveLength(1)
})

test.each(['json', 'xml'] as const)('WeChat verifies the URL, and pushes a verdict as %s', async (format) => {
  const { simulator, pushSettings } = backend
  const { openid, login } = simulator.phone('carol')
  // WeChat checks for users who were there lately.
  login()
  simulator.pushTo({ url: `${offline.url}/receiveMessage`, ...pushSettings, format })

  expect(await simulator.verifyPushUrl()).toMatchObject({ isVerified: true })
  await checkMedia(simulator, async (name, input) => {
    const response = await invoke(name, name === 'checkContent' ? { ...input, openid } : input)
    return response.json()
  })
})

test('an image arrives as bytes', async () => {
  const phone = backend.simulator.phone('bob')
  const login = (await (await post('login', phone.login())).json()) as { data: { token: string } }
  const headers = { authorization: `Bearer ${login.data.token}`, accept: 'image/*' }

  const response = await post('getQrCode', { scene: 'seat=2' }, headers)

  expect(response.headers.get('content-type')).toBe('image/jpeg')
  expect(phone.scan(Buffer.from(await response.arrayBuffer()))).toMatchObject({ scene: 'seat=2' })
})
