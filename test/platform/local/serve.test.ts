import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import logout from '../../../functions/logout/index.ts'
import { serve } from '../../../shared/platform/local/serve.ts'
import { IMAGE, imageProbe } from '../../support/imageProbe.ts'
import { probe } from '../../support/probe.ts'
import { createWorld } from '../../support/world.ts'

async function startServer() {
  const world = await createWorld()
  const server = serve([probe(), imageProbe, logout], () => world.runtime).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { world, port, url: `http://127.0.0.1:${port}` }
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers })

test('a function is served under its name', async () => {
  const { url } = await startServer()

  const response = await post(`${url}/probe?ignored=1`, '{"text":"微信"}')

  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(await response.json()).toEqual({ ok: true, data: { caller: { kind: 'anonymous' } } })
})

test('a user is known by the token of a login', async () => {
  const { url, world } = await startServer()
  const { token } = await world.logIn('alice')

  const response = await post(`${url}/logout`, '', { Authorization: `Bearer ${token}` })

  expect(await response.json()).toEqual({ ok: true, data: { revoked: 1 } })
})

test.each(['/', '/Probe', '/probe/', '//probe', '/probe/x', '/__proto__', '/constructor', '/%70robe'])(
  'there is nothing under %s, and what there is gets named',
  async (path) => {
    const { url } = await startServer()

    const response = await post(`${url}${path}`, '{}')

    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      error: { code: 'NOT_FOUND', message: 'The routes are /probe /imageProbe /logout.' },
    })
  },
)

test('other methods than POST are refused', async () => {
  const { url } = await startServer()

  const response = await fetch(`${url}/probe`)

  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('POST')
})

test('an image is served as its bytes', async () => {
  const { url } = await startServer()

  const response = await post(`${url}/imageProbe`, '', { Accept: 'image/*' })

  expect(response.headers.get('content-type')).toBe('image/png')
  expect(Buffer.from(await response.arrayBuffer())).toEqual(IMAGE)
})

test('a body over the limit is refused, however long it is', async () => {
  const { url } = await startServer()

  for (const bytes of [1024 * 1024 + 1, 5 * 1024 * 1024]) {
    const response = await post(`${url}/probe`, ' '.repeat(bytes))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE' } })
  }
})

test('a client that hangs up in the middle of its request does no harm to the next one', async () => {
  const { url, port } = await startServer()
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST /probe HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"text"')
  // The second request is answered only after the server has read the first half of this one.
  expect((await post(`${url}/probe`, '{}')).status).toBe(200)

  socket.destroy()
  await once(socket, 'close')

  expect((await post(`${url}/probe`, '{}')).status).toBe(200)
})
