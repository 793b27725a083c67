import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** Lambda's side of a function: hands out events and takes what becomes of them. */
export type RuntimeApi = {
  /** `host:port`, for AWS_LAMBDA_RUNTIME_API. */
  readonly address: string
  /** The result, or a rejection with what the runtime reports as the function's error. */
  invoke(event: unknown, timeoutMs: number): Promise<unknown>
  /** What the runtime could not start with. */
  readonly initErrors: readonly unknown[]
  /** Nothing more will be answered. */
  fail(reason: Error): void
  close(): Promise<void>
}

type Invocation = {
  readonly id: string
  readonly event: unknown
  readonly deadlineMs: number
  resolve(result: unknown): void
  reject(reason: Error): void
}

const PATH = /^\/2018-06-01\/runtime\/(?:init\/error|invocation\/(?:next|([\w-]+)\/(response|error)))$/

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const queue: Invocation[] = []
  const handedOut = new Map<string, Invocation>()
  const initErrors: unknown[] = []
  let waiting: ServerResponse | undefined

  function handOut(): void {
    const next = waiting && queue.shift()
    if (!waiting || !next) return

    handedOut.set(next.id, next)
    waiting
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': next.id,
        'lambda-runtime-deadline-ms': next.deadlineMs,
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:f',
        'lambda-runtime-trace-id': 'Root=1-0-0;Sampled=0',
      })
      .end(JSON.stringify(next.event))
    waiting = undefined
  }

  const server = createServer(async (request, response) => {
    const [path, id, outcome] = PATH.exec(request.url ?? '') ?? []
    if (!path) return void response.writeHead(404).end()
    if (path.endsWith('/next')) {
      waiting = response
      return handOut()
    }
    const value: unknown = JSON.parse((await text(request)) || 'null')
    response.writeHead(202).end()
    const invocation = handedOut.get(id ?? '')
    if (!invocation) initErrors.push(value)
    else if (outcome === 'response') invocation.resolve(value)
    else invocation.reject(new Error(`the function failed: ${JSON.stringify(value)}`))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    initErrors,
    invoke: (event, timeoutMs) =>
      new Promise((resolve, reject) => {
        queue.push({ id: randomUUID(), event, deadlineMs: Date.now() + timeoutMs, resolve, reject })
        handOut()
      }),
    fail(reason) {
      for (const { reject } of [...queue, ...handedOut.values()]) reject(reason)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
