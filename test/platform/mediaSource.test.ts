import type { RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import { createMediaSource } from '../../shared/platform/mediaSource.ts'
import type { MediaAnswer, MediaRequest } from '../../shared/ports/mediaSource.ts'
import { findClosedPort } from '../support/findClosedPort.ts'
import { MEDIA_CERTIFICATE } from './mediaCertificate.ts'
import { startMediaHost } from './mediaHost.ts'
import { startNameServer } from './mediaNameServer.ts'

const REQUEST: MediaRequest = {
  url: 'https://cdn.example.com/a.png?x=1',
  addresses: ['127.0.0.1'],
  timeoutMs: 5000,
}
const LATE = { fault: 'no complete answer in time' }

async function readText({ body }: MediaAnswer): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString()
}

describe('the addresses of a host', () => {
  const resolve = async (zone: Parameters<typeof startNameServer>[0], host: string, timeoutMs = 5000) => {
    const source = createMediaSource({ dnsServers: [await startNameServer(zone)] })
    return source.addressesOf(host, timeoutMs)
  }

  test('are all that the DNS has, IPv4 before IPv6', async () => {
    const zone = {
      'cdn.example.com': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8:0:0:0:0:0:1'] },
    }

    expect(await resolve(zone, 'cdn.example.com')).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  })

  test.each([
    ['of a name that does not exist', {}],
    ['of a name without any', { 'cdn.example.com': {} }],
  ])('%s are none', async (_, zone) => {
    expect(await resolve(zone, 'cdn.example.com')).toEqual([])
  })

  test('are those that came in time', async () => {
    const zone = { 'cdn.example.com': { A: ['192.0.2.1'], AAAA: 'silent' } } as const

    expect(await resolve(zone, 'cdn.example.com', 100)).toEqual(['192.0.2.1'])
  })

  test('are none, and soon, when nobody answers', async () => {
    const zone = { 'cdn.example.com': { A: 'silent', AAAA: 'silent' } } as const

    expect(await Promise.race([resolve(zone, 'cdn.example.com', 100), sleep(4000, 'late')])).toEqual([])
  })

  test('are none when there is no name server', async () => {
    const source = createMediaSource({ dnsServers: [`127.0.0.1:${await findClosedPort()}`] })

    expect(await source.addressesOf('cdn.example.com', 500)).toEqual([])
  })
})

describe('a file', () => {
  test('is fetched from the given address, under the name of its host', async () => {
    const host = await startMediaHost((request, response) => {
      const { 'accept-encoding': accepted } = request.headers
      response.setHeader('x-accepted', String(accepted)).end('the media')
    })

    const read = await host.source.fetch(REQUEST, async (answer) => ({
      status: answer.status,
      accepted: answer.headers['x-accepted'],
      text: await readText(answer),
    }))

    expect(read).toEqual({ status: 200, accepted: 'identity', text: 'the media' })
    expect(host.requests).toEqual(['GET cdn.example.com/a.png?x=1'])
  })

  test('is fetched from the next address when one does not answer', async () => {
    const host = await startMediaHost((_, response) => response.end('the media'))
    const addresses = ['127.0.0.2', '127.0.0.1']

    expect(await host.source.fetch({ ...REQUEST, addresses }, readText)).toBe('the media')
  })

  test('is not looked for where a redirect leads', async () => {
    const host = await startMediaHost((_, response) =>
      response.writeHead(302, { location: 'https://cdn.example.com/b.png' }).end(),
    )

    expect(await host.source.fetch(REQUEST, async ({ status }) => status)).toBe(302)
    expect(host.requests).toHaveLength(1)
  })

  test('is let go of as soon as nobody reads on', async () => {
    const host = await startMediaHost((_, response) => {
      const flood = () => {
        while (response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', flood)
      flood()
    })

    const patient = { ...REQUEST, timeoutMs: 120_000 }
    expect(await host.source.fetch(patient, async ({ status }) => status)).toBe(200)

    const [connection] = host.connections
    if (connection && !connection.destroyed) await new Promise((resolve) => connection.once('close', resolve))
    expect(connection?.destroyed).toBe(true)
  })

  test('brings the failure of whoever reads it, and not one of its own', async () => {
    const host = await startMediaHost((_, response) => response.end('the media'))
    const failing = host.source.fetch(REQUEST, async () => {
      throw new Problem('MEDIA_TOO_LARGE')
    })

    await expect(failing).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' })
  })
})

describe('a file cannot be read', () => {
  const start = (answer: RequestListener) => startMediaHost(answer)

  /** A server that accepts connections and does something else than TLS. */
  async function startStranger(act: (socket: net.Socket) => void): Promise<number> {
    const sockets: net.Socket[] = []
    const server = net.createServer((socket) => {
      sockets.push(socket.on('error', () => undefined))
      act(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  test('from a host that nobody vouches for', async () => {
    const { port, requests } = await start((_, response) => response.end('the media'))

    expect(await createMediaSource({ port }).fetch(REQUEST, readText)).toEqual({
      fault: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
    expect(requests).toEqual([])
  })

  test('from a host that proves to be another', async () => {
    const { source, requests } = await start((_, response) => response.end('the media'))
    const url = 'https://www.example.com/a.png'

    expect(await source.fetch({ ...REQUEST, url }, readText)).toEqual({
      fault: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    expect(requests).toEqual([])
  })

  test('where nobody listens', async () => {
    const source = createMediaSource({ port: await findClosedPort() })

    expect(await source.fetch(REQUEST, readText)).toEqual({ fault: 'ECONNREFUSED' })
  })

  test('where nobody speaks TLS', async () => {
    const port = await startStranger((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))

    expect(await createMediaSource({ port }).fetch(REQUEST, readText)).toEqual({
      fault: expect.stringMatching(/^(EPROTO|ERR_SSL_)/),
    })
  })

  test('that is cut off', async () => {
    const { source } = await start((_, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('the', () => response.socket?.destroy())
    })

    expect(await source.fetch(REQUEST, readText)).toEqual({ fault: 'ECONNRESET' })
  })

  test('without TLS', async () => {
    const source = createMediaSource({ ca: MEDIA_CERTIFICATE })

    expect(await source.fetch({ ...REQUEST, url: 'http://cdn.example.com/a.png' }, readText)).toEqual({
      fault: 'ERR_INVALID_PROTOCOL',
    })
  })

  test('from a host that says nothing at all', async () => {
    const source = createMediaSource({ port: await startStranger(() => undefined) })

    expect(await source.fetch({ ...REQUEST, timeoutMs: 100 }, readText)).toEqual(LATE)
  })

  test.each<[string, RequestListener]>([
    ['does not begin to answer', () => undefined],
    ['stops in the middle', (_, response) => void response.write('the')],
    [
      'sends a byte now and then',
      (_, response) => {
        const dripping = setInterval(() => response.write('.'), 10)
        response.on('close', () => clearInterval(dripping))
      },
    ],
  ])('in time from a host that %s', async (_, answer) => {
    const { source } = await start(answer)

    expect(await source.fetch({ ...REQUEST, timeoutMs: 300 }, readText)).toEqual(LATE)
  })
})
