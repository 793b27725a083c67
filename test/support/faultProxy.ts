import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to a request instead of being passed on, or after it was. */
export type Fault =
  | 'resetBefore'
  | 'resetAfter'
  | 'hang'
  /** Reset, and passed on when `deliverLate` says so. */
  | 'late'
  | { readonly status: number; readonly body: string; readonly isPassedOn?: boolean }

export type FaultProxy = {
  readonly url: string
  /** One for each request to come, in order; the others are passed on and answered. */
  readonly faults: (Fault | undefined)[]
  /** While set, every connection is reset. */
  isDown: boolean
  /** The `x-amz-target` operations that came in so far. */
  readonly operations: readonly string[]
  deliverLate(): Promise<void>
  close(): Promise<void>
}

/** Stands before a DynamoDB and misbehaves on demand. */
export async function startFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const faults: (Fault | undefined)[] = []
  const operations: string[] = []
  const late: (() => Promise<unknown>)[] = []

  const server = http.createServer(async (request, response) => {
    operations.push(String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', ''))
    const fault = proxy.isDown ? 'resetBefore' : faults.shift()
    const body = Buffer.concat(await request.toArray())
    if (fault === 'hang') return
    if (fault === 'late') late.push(() => forward(targetUrl, request, body))
    if (fault === 'resetBefore' || fault === 'late') return request.socket.resetAndDestroy()
    if (typeof fault === 'object' && !fault.isPassedOn)
      return response.writeHead(fault.status).end(fault.body)

    const answer = await forward(targetUrl, request, body)
    if (fault === 'resetAfter') return request.socket.resetAndDestroy()
    if (fault) return response.writeHead(fault.status).end(fault.body)
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    operations,
    isDown: false,
    async deliverLate() {
      for (const passOn of late.splice(0)) await passOn()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return proxy
}

const forward = (targetUrl: string, { method, headers }: http.IncomingMessage, body: Buffer) =>
  new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
    http
      .request(targetUrl, { method, headers }, async (response) =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(await response.toArray()) }),
      )
      .on('error', reject)
      .end(body)
  })

/** DynamoDB's way of saying no. */
export const awsFault = (name: string, status = 400): Fault => ({
  status,
  body: JSON.stringify({
    __type: `com.amazonaws.dynamodb.v20120810#${name}`,
    message: 'the body of an answer',
  }),
})
