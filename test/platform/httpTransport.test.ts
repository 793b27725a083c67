import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { createRequire } from 'node:module'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createHttpTransport, type HttpTransport } from '../../shared/platform/httpTransport.ts'
import { type HttpRequest, TransportFailure } from '../../shared/ports/transport.ts'
import { createTestClock, type TestClock } from '../support/testClock.ts'

const SECRET = 'secret-in-the-query'

let clock: TestClock
let transport: HttpTransport
const closers: (() => void)[] = []

beforeEach(() => {
  clock = createTestClock()
  transport = createHttpTransport({ clock })
  closers.push(() => transport.close())
})

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Listens on a free port until the test ends, and counts connections. */
async function listen(server: net.Server): Promise<{ port: number; connections: Socket[] }> {
  const connections: Socket[] = []
  server.on('connection', (socket) => connections.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of connections) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections }
}

const serve = (answer: http.RequestListener) => listen(http.createServer(answer))

/** A server that ignores HTTP: it does something to the connection on which a request came. */
const serveRaw = (act: (socket: Socket) => void) =>
  listen(net.createServer((socket) => socket.once('data', () => act(socket))))

const get = (port: number, changes: Partial<HttpRequest> = {}) =>
  transport.send({
    method: 'GET',
    url: `http://127.0.0.1:${port}/path?access_token=${SECRET}`,
    headers: {},
    timeoutMs: 5000,
    maxResponseBytes: 1024,
    ...changes,
  })

async function failureOf(sending: Promise<unknown>): Promise<TransportFailure> {
  const failure = await sending.then(
    () => expect.unreachable('the request succeeded'),
    (thrown: unknown) => thrown,
  )
  if (!(failure instanceof TransportFailure)) throw failure

  expect(`${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain(SECRET)
  return failure
}

describe('an exchange', () => {
  test.each([
    ['text', '{"名":1}', '9'],
    ['bytes', Uint8Array.of(0, 255, 10), '3'],
  ])('carries method, target, headers and a body of %s with its length', async (_, body, length) => {
    const seen: unknown[] = []
    const { port } = await serve(async (request, response) => {
      const { method, url, headers } = request
      seen.push({ method, url, headers, body: Buffer.concat(await request.toArray()) })
      response.end()
    })

    await get(port, { method: 'POST', headers: { 'content-type': 'application/json', 'x-a': 'b' }, body })

    expect(seen).toEqual([
      {
        method: 'POST',
        url: `/path?access_token=${SECRET}`,
        headers: {
          host: `127.0.0.1:${port}`,
          connection: 'keep-alive',
          'accept-encoding': 'identity',
          'content-type': 'application/json',
          'content-length': length,
          'x-a': 'b',
        },
        body: Buffer.from(body),
      },
    ])
  })

  test('brings back status, headers and bytes as they came', async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(418, { 'X-A': 'b', 'set-cookie': ['c', 'd'] }).end(Buffer.of(0, 255))
    })

    const { status, headers, body } = await get(port)

    expect({ status, body }).toEqual({ status: 418, body: Buffer.of(0, 255) })
    expect(headers).toMatchObject({ 'x-a': 'b', 'set-cookie': ['c', 'd'] })
  })

  test('follows no redirect', async () => {
    const urls: unknown[] = []
    const { port } = await serve((request, response) => {
      urls.push(request.url)
      response.writeHead(302, { location: '/elsewhere' }).end()
    })

    expect((await get(port)).status).toBe(302)
    expect(urls).toHaveLength(1)
  })

  test('takes an answer of just the allowed length', async () => {
    const { port } = await serve((_, response) => response.end('x'.repeat(1024)))

    expect((await get(port)).body).toHaveLength(1024)
  })
})

describe('connections', () => {
  const answer: http.RequestListener = (_, response) => response.end('ok')

  test('one is enough for requests that follow each other', async () => {
    const { port, connections } = await serve(answer)

    for (let count = 0; count < 200; count++) await get(port)

    expect(connections).toHaveLength(1)
    expect(transport.connectionCount).toBe(1)
  })

  test('fifty are the most that requests at the same time open, and all are answered', async () => {
    const { port, connections } = await serve(answer)

    const responses = await Promise.all(Array.from({ length: 120 }, () => get(port)))

    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 120 }, () => 200))
    expect(connections).toHaveLength(50)
    expect(transport.connectionCount).toBe(50)
  })

  test('a connection that was idle for up to four seconds is used again', async () => {
    const { port, connections } = await serve(answer)
    await get(port)
    clock.advance(4000)
    await get(port)

    expect(connections).toHaveLength(1)
  })

  test.each([
    ['for longer than four seconds', 4001],
    ['for a time that a clock set back does not tell', -1],
  ])('a connection that was idle %s is closed and not used again', async (_, durationMs) => {
    const { port, connections } = await serve(answer)
    await Promise.all([get(port), get(port)])
    clock.advance(durationMs)
    await get(port)

    expect(connections).toHaveLength(3)
    await expect.poll(() => connections.map(({ destroyed }) => destroyed)).toEqual([true, true, false])
  })

  test('an instance that wakes from a freeze does not send into connections that were closed meanwhile', async () => {
    const server = http.createServer(answer)
    const { port, connections } = await listen(server)
    await Promise.all(Array.from({ length: 3 }, () => get(port)))

    server.closeIdleConnections()
    clock.advance(120_000)

    expect((await get(port)).status).toBe(200)
    expect(connections).toHaveLength(4)
  })

  test('a connection that was closed a moment ago leaves open whether the request was seen', async () => {
    const server = http.createServer(answer)
    const { port } = await listen(server)
    await get(port)

    server.closeIdleConnections()

    expect(await failureOf(get(port))).toMatchObject({ kind: 'network', sent: true })
  })

  test('a connection that the server ends with its answer is not used again', async () => {
    const { port, connections } = await serve((_, response) =>
      response.writeHead(200, { connection: 'close' }).end('ok'),
    )
    await get(port)
    await get(port)

    expect(connections).toHaveLength(2)
  })

  test('a request that found no free connection in time was not sent, and holds up nobody', async () => {
    const held: http.ServerResponse[] = []
    const { port } = await serve((_, response) => held.push(response))
    const busy = Array.from({ length: 50 }, () => get(port))
    await expect.poll(() => held.length).toBe(50)

    expect(await failureOf(get(port, { timeoutMs: 20 }))).toMatchObject({ kind: 'timeout', sent: false })

    const next = get(port)
    for (const response of held) response.end()
    await Promise.all(busy)
    await expect.poll(() => held.length).toBe(51)
    held.at(-1)?.end()
    expect((await next).status).toBe(200)
  })

  test('a request that waited for another’s connection was sent once it has it', async () => {
    const held: http.ServerResponse[] = []
    const { port } = await serve((_, response) => held.push(response))
    const busy = Array.from({ length: 50 }, () => get(port))
    await expect.poll(() => held.length).toBe(50)

    const waiting = failureOf(get(port))
    for (const response of held) response.end()
    await Promise.all(busy)
    await expect.poll(() => held.length).toBe(51)
    held.at(-1)?.socket?.destroy()

    expect(await waiting).toMatchObject({ kind: 'network', sent: true })
  })
})

describe('no complete answer', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'

  test.each<[string, TransportFailure['kind'], (socket: Socket) => void]>([
    ['a reset', 'network', (socket) => socket.resetAndDestroy()],
    ['an end without a word', 'network', (socket) => socket.end()],
    [
      'a reset in the middle',
      'truncated',
      (socket) => socket.write(`${head}half`, () => socket.resetAndDestroy()),
    ],
    ['an end before the announced length', 'truncated', (socket) => socket.end(`${head}half`)],
    [
      'an end before the last chunk',
      'truncated',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    ],
    ['something that is no HTTP', 'truncated', (socket) => socket.end('220 mail.example.com ESMTP\r\n')],
    [
      'more than the allowed length',
      'truncated',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n${'x'.repeat(1025)}`),
    ],
  ])('%s is told apart, and was sent', async (_, kind, act) => {
    const { port, connections } = await serveRaw(act)

    expect(await failureOf(get(port))).toMatchObject({ kind, sent: true })

    await expect.poll(() => connections.every(({ destroyed }) => destroyed)).toBe(true)
  })

  test.each<[string, (socket: Socket) => void]>([
    ['a server that says nothing', () => undefined],
    ['headers without a body', (socket) => socket.write(head)],
    [
      'an upgrade that nobody asked for',
      (socket) => socket.write('HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
    [
      'a body that trickles',
      (socket) => {
        socket.write(head)
        const drip = setInterval(() => socket.write('x'), 5)
        socket.on('close', () => clearInterval(drip))
      },
    ],
  ])('%s is left when the time is over, and was sent', async (_, act) => {
    const { port, connections } = await serveRaw(act)

    expect(await failureOf(get(port, { timeoutMs: 60 }))).toMatchObject({ kind: 'timeout', sent: true })

    await expect.poll(() => connections.every(({ destroyed }) => destroyed)).toBe(true)
  })

  test.each([
    ['a port that nobody listens on', { url: `http://127.0.0.1:1/?${SECRET}` }, 'ECONNREFUSED'],
    ['a host that cannot exist', { url: `http://${'a'.repeat(64)}.invalid/?${SECRET}` }, 'ENOTFOUND'],
    ['a URL that is none', { url: `nowhere?${SECRET}` }, 'no valid request: ERR_INVALID_URL'],
    ['a header that is none', { headers: { 'x-a': `${SECRET}\n` } }, 'no valid request: ERR_INVALID_CHAR'],
  ])('%s was not sent', async (_, changes, message) => {
    expect(await failureOf(get(1, changes))).toMatchObject({ kind: 'network', sent: false, message })
  })
})

describe('TLS', () => {
  const readFile = (name: string) =>
    readFileSync(createRequire(import.meta.url).resolve(`dynalite/ssl/${name}`))
  const untrusted = { key: readFile('server-key.pem'), cert: readFile('server-crt.pem') }

  const serveTls = async (answer: http.RequestListener) => {
    const { port, connections } = await listen(https.createServer(untrusted, answer))
    return { url: `https://127.0.0.1:${port}/?${SECRET}`, connections }
  }

  test('a certificate that nobody vouches for ends the exchange before anything was sent', async () => {
    const urls: unknown[] = []
    const { url } = await serveTls((request, response) => {
      urls.push(request.url)
      response.end()
    })

    expect(await failureOf(get(0, { url, method: 'POST', body: 'b' }))).toMatchObject({
      kind: 'network',
      sent: false,
    })

    expect(urls).toEqual([])
  })

  test.each<[string, TransportFailure['kind'], (socket: Socket) => void]>([
    ['fails', 'network', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['is cut off', 'network', (socket) => socket.resetAndDestroy()],
    ['does not end', 'timeout', () => undefined],
  ])('a handshake that %s ends the exchange before anything was sent', async (_, kind, act) => {
    const { port } = await serveRaw(act)
    const url = `https://127.0.0.1:${port}/?${SECRET}`

    expect(await failureOf(get(0, { url, timeoutMs: 200 }))).toMatchObject({ kind, sent: false })
  })

  describe('with any certificate taken', () => {
    beforeEach(() => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
      // Node warns of the variable, rightly.
      vi.spyOn(process, 'emitWarning').mockReturnValue()
    })
    afterEach(() => {
      vi.unstubAllEnvs()
      vi.restoreAllMocks()
    })

    test('one connection is enough for requests that follow each other', async () => {
      const { url, connections } = await serveTls((_, response) => response.end('ok'))

      for (let count = 0; count < 5; count++) expect((await get(0, { url })).status).toBe(200)
      expect(connections).toHaveLength(1)

      clock.advance(4001)
      expect((await get(0, { url })).status).toBe(200)
      expect(connections).toHaveLength(2)
    })

    test('a reset after the handshake leaves open whether the request was seen', async () => {
      const { url } = await serveTls((request) => request.socket.destroy())

      expect(await failureOf(get(0, { url }))).toMatchObject({ kind: 'network', sent: true })
    })
  })
})
