import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { Clock } from '../ports/clock.ts'
import { type HttpRequest, type HttpResponse, type Transport, TransportFailure } from '../ports/transport.ts'
import { type Connections, createConnections } from './connections.ts'

export type HttpTransport = Transport & {
  /** How many connections were begun so far. */
  readonly connectionCount: number
  /** Closes every connection. */
  close(): void
}

/**
 * HTTP/1.1 over connections that are kept and used again. Follows no redirect and decodes nothing.
 *
 * A failure says whether the other side may have seen the request, and never where it went: the URL holds
 * secrets. An answer that is too long or no HTTP counts as truncated: one has come, and it is of no use.
 */
export function createHttpTransport({ clock }: { readonly clock: Clock }): HttpTransport {
  const connections = createConnections(clock)

  return {
    get connectionCount() {
      return connections.count
    },
    close: connections.close,

    async send(request) {
      connections.dropStale()
      const exchange = open(request, connections)
      const progress: Progress = { sent: false, answered: false }
      connections.watch(exchange, () => {
        progress.sent = true
      })
      const deadline = new AbortController()
      const timer = setTimeout(() => {
        deadline.abort()
        exchange.destroy()
      }, request.timeoutMs)

      try {
        return await complete(exchange, request, progress, deadline.signal, connections)
      } catch (thrown) {
        exchange.destroy()
        throw deadline.signal.aborted
          ? new TransportFailure('timeout', progress.sent, 'no complete answer in time')
          : toFailure(thrown, progress)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** How far an exchange came, for the day it fails. */
type Progress = { sent: boolean; answered: boolean }

function open({ method, url, headers, body }: HttpRequest, connections: Connections): http.ClientRequest {
  const options = {
    method,
    headers: {
      ...headers,
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    },
  }
  try {
    return new URL(url).protocol === 'http:'
      ? http.request(url, { ...options, agent: connections.httpAgent })
      : https.request(url, { ...options, agent: connections.httpsAgent })
  } catch (thrown) {
    throw new TransportFailure('network', false, `no valid request: ${codeOf(thrown)}`)
  }
}

async function complete(
  exchange: http.ClientRequest,
  { body, maxResponseBytes }: HttpRequest,
  progress: Progress,
  signal: AbortSignal,
  connections: Connections,
): Promise<HttpResponse> {
  // Errors may follow the one that is waited for, and would end the process unheard.
  exchange.on('error', () => undefined)
  exchange.end(body)
  // The signal, because a request that still waits for a connection does not hear of its own end.
  const [response] = (await once(exchange, 'response', { signal })) as [http.IncomingMessage]
  progress.answered = true
  const { socket } = response
  response.once('end', () => connections.touch(socket))

  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxResponseBytes) throw new TransportFailure('truncated', true, 'the answer is too long')
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }
}

function toFailure(thrown: unknown, { sent, answered }: Progress): TransportFailure {
  if (thrown instanceof TransportFailure) return thrown

  const code = codeOf(thrown)
  const isAnswer = answered || code.startsWith('HPE_')
  return isAnswer
    ? new TransportFailure('truncated', true, code)
    : new TransportFailure('network', sent, code)
}

/** The machine-readable half of a system error. The other half may name hosts. */
const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown fault'
