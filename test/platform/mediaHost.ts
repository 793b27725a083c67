import type { RequestListener } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { createMediaSource } from '../../shared/platform/mediaSource.ts'
import type { MediaSource } from '../../shared/ports/mediaSource.ts'
import { MEDIA_CERTIFICATE, MEDIA_KEY } from './mediaCertificate.ts'

export type MediaHost = {
  readonly port: number
  /** What was asked of it so far: method, host and path. */
  readonly requests: readonly string[]
  /** Every connection so far. */
  readonly connections: readonly Duplex[]
  /** The platform's own, which trusts this host and takes its port for 443. */
  readonly source: MediaSource
}

/** An HTTPS server on this machine that proves to be cdn.example.com, until the test ends. */
export async function startMediaHost(answer: RequestListener): Promise<MediaHost> {
  const requests: string[] = []
  const connections: Duplex[] = []
  const server = https.createServer({ key: MEDIA_KEY, cert: MEDIA_CERTIFICATE }, (request, response) => {
    requests.push(`${request.method} ${request.headers.host?.split(':')[0]}${request.url}`)
    answer(request, response)
  })
  server.on('connection', (socket) => connections.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of connections) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, requests, connections, source: createMediaSource({ ca: MEDIA_CERTIFICATE, port }) }
}
