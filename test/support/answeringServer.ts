import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type SeenRequest = {
  readonly method: string
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

type Respond = (request: SeenRequest, response: http.ServerResponse) => void

/** A server for the length of a test that answers whatever the test wants, and remembers what it was asked. */
export async function startAnsweringServer(
  respond: Respond,
): Promise<{ url: string; requests: readonly SeenRequest[] }> {
  const requests: SeenRequest[] = []
  const server = http.createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const seen = { method, url, headers, body: Buffer.concat(await request.toArray()) }
    requests.push(seen)
    respond(seen, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
