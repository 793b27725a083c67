import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Backend, startBackend } from './support/backend.ts'
import { scheduledEvent } from './support/gatewayEvents.ts'
import { type ServerlessOffline, startServerlessOffline } from './support/serverlessOffline.ts'
import { FUNCTIONS } from './support/strangers.ts'
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

test.concurrent.each(FUNCTIONS)('$name has a route of its name', async ({ name, status, reply }) => {
  const response = await post(name, {})

  expect(response.status).toEqual(status)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toMatchObject(reply)
})

test.each([
  ['GET', 'login'],
  ['POST', 'nothing'],
  ['POST', 'login/more'],
])('%s /%s leads nowhere', async (method, path) => {
  expect((await fetch(`${offline.url}/${path}`, { method })).status).toBe(404)
})

test('a user with a token and the timer are served by all functions', async () => {
  await walk(backend.simulator.phone('alice'), async ({ name, caller, input, token }) => {
    const url = `${offline.lambdaUrl}-${name}/invocations`
    const response =
      caller === 'timer'
        ? await fetch(url, { method: 'POST', body: JSON.stringify(scheduledEvent) })
        : await post(name, input, token ? { authorization: `Bearer ${token}` } : {})
    return response.json()
  })

  expect(backend.simulator.sentMessages).toHaveLength(1)
})

test('an image arrives as bytes', async () => {
  const phone = backend.simulator.phone('bob')
  const login = (await (await post('login', phone.login())).json()) as { data: { token: string } }
  const headers = { authorization: `Bearer ${login.data.token}`, accept: 'image/*' }

  const response = await post('getQrCode', { scene: 'seat=2' }, headers)

  expect(response.headers.get('content-type')).toBe('image/jpeg')
  expect(phone.scan(Buffer.from(await response.arrayBuffer()))).toMatchObject({ scene: 'seat=2' })
})
