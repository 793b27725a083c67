import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Problem } from '../../core/problem.ts'
import type { AnyFunction } from '../../function/define.ts'
import { MAX_BODY_BYTES } from '../../function/readInput.ts'
import { toFailure } from '../../function/reply.ts'
import type { Runtime } from '../../function/runtime.ts'
import { answerHttp, lowerCaseHeaders, parseQuery, toJsonResponse, type WebResponse } from '../http.ts'
import { createProcessRuntime } from '../processRuntime.ts'
import { createRequestId } from '../requestId.ts'

/** Serves declared functions over HTTP on one machine, each at `/<name>`. */
export function serve(
  functions: readonly AnyFunction[],
  runtimeOf: () => Runtime = createProcessRuntime(),
): Server {
  const routes = new Map(functions.map((fn) => [`/${fn.name}`, fn]))

  return createServer(async (request, response) => {
    try {
      const { status, headers, body } = await answer(routes, request, runtimeOf())
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
      response.end(body)
    } catch {
      // The client hung up before its request was complete, so nobody waits for an answer.
      response.destroy()
    }
  })
}

async function answer(
  routes: ReadonlyMap<string, AnyFunction>,
  request: IncomingMessage,
  runtime: Runtime,
): Promise<WebResponse> {
  const requestId = createRequestId(runtime.random)
  const [path = '', query = ''] = splitUrl(request)
  const fn = routes.get(path)
  if (!fn) {
    const names = [...routes.keys()].join(' ')
    return toJsonResponse(
      toFailure(new Problem('NOT_FOUND', { message: `The routes are ${names}.` }), requestId),
    )
  }
  const body = await readBody(request)
  return answerHttp(
    fn,
    {
      method: request.method ?? '',
      query: parseQuery(query),
      headers: lowerCaseHeaders(request.headers),
      body,
      requestId,
    },
    runtime,
  )
}

const splitUrl = ({ url = '/' }: IncomingMessage): readonly string[] => url.split(/\?(.*)/s, 2)

/** One byte beyond the limit is enough to be refused by it; the rest is read and dropped. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    if (length <= MAX_BODY_BYTES) parts.push(part)
    length += part.length
  }
  return Buffer.concat(parts)
}
