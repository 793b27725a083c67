import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { GatewayRequest, GatewayResult } from './gatewayEvents.ts'

/**
 * A URL for the length of a test, in front of a function that has none in its host. Each request goes to
 * `invoke`, which wraps it as one platform does and lets the function answer it.
 */
export async function startGateway(invoke: (request: GatewayRequest) => Promise<unknown>): Promise<string> {
  const server = createServer(async (request, response) => {
    try {
      const { statusCode, headers, body, isBase64Encoded } = (await invoke(
        await readRequest(request),
      )) as GatewayResult
      response.writeHead(statusCode, headers).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'))
    } catch (error) {
      response.writeHead(502).end(String(error))
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())

  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function readRequest(request: IncomingMessage): Promise<GatewayRequest> {
  const { method = '', url = '' } = request
  const [, query = ''] = url.split(/\?(.*)/s)
  const { 'content-type': contentType } = request.headers

  return {
    method,
    query,
    headers: { ...(contentType && { 'content-type': contentType }) },
    body: await text(request),
  }
}
