import { invalidArgument, Problem } from '../core/problem.ts'
import type { Origin } from '../function/caller.ts'
import type { AnyFunction } from '../function/define.ts'
import { type Call, invoke } from '../function/invoke.ts'
import type { PushRequest } from '../function/pushProtocol.ts'
import { type Reply, statusOf } from '../function/reply.ts'
import type { Runtime } from '../function/runtime.ts'
import { answerPush } from './push.ts'

/** An HTTP request, however the platform wraps it. */
export type WebRequest = {
  readonly method: string
  /** Decoded names and values, in the order of the URL where the platform keeps it. */
  readonly query: Query
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** What the adapter already knows to be wrong with it. */
  readonly problem?: Problem
  readonly requestId: string
  readonly remainingMs?: number
}

export type Query = PushRequest['query']

export type WebResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/**
 * Calls a function for an HTTP request: `POST`, JSON in, JSON out, `Authorization: Bearer` for identity; or as
 * WeChat pushes, where that is how the function is called.
 */
export async function answerHttp(
  fn: AnyFunction,
  request: WebRequest,
  runtime: Runtime,
): Promise<WebResponse> {
  if (fn.push) return answerPush(fn, fn.push, request, runtime)

  const { method, headers, body, requestId, remainingMs } = request
  const problem = method === 'POST' ? request.problem : new Problem('METHOD_NOT_ALLOWED')
  const call: Call = {
    origin: readOrigin(headers.authorization),
    input: { body },
    requestId,
    ...(remainingMs !== undefined && { remainingMs }),
    ...(problem && { problem }),
  }
  return toResponse(fn, await invoke(fn, call, runtime), headers.accept)
}

/** A body as a platform hands it over: text, or bytes in base64. */
export function readBody(body: string, isBase64: boolean): Pick<WebRequest, 'body' | 'problem'> {
  if (!isBase64) return { body: Buffer.from(body) }

  const bytes = Buffer.from(body, 'base64')
  if (bytes.toString('base64') === body) return { body: bytes }
  return { body: bytes, problem: invalidArgument('', 'the body is not the base64 that it claims to be') }
}

/** Header names in lower case; of a repeated header the first value counts. */
export const lowerCaseHeaders = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | null | undefined,
): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : value?.[0],
    ]),
  )

/** The query of a URL, without its question mark. A plus sign is one: WeChat escapes what it means to be a space. */
export const parseQuery = (text: string): Query =>
  text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decode(name), decode(value.join('='))]
    })

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A query that the platform has taken apart. */
export const toQuery = (
  values: Readonly<Record<string, string | readonly string[] | undefined>> | null | undefined,
): Query =>
  Object.entries(values ?? {}).flatMap(([name, value = []]) =>
    [value].flat().map((one) => [name, String(one)] as const),
  )

function readOrigin(authorization: string | undefined): Origin {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? '') ?? []
  return token ? { kind: 'bearer', token } : { kind: 'nobody' }
}

function toResponse(fn: AnyFunction, reply: Reply, accept: string | undefined): WebResponse {
  const image = reply.ok && prefersImage(accept) ? fn.image?.(reply.data) : undefined
  if (!image) return toJsonResponse(reply)

  const headers = { 'content-type': image.contentType, 'cache-control': 'no-store' }
  return { status: 200, headers, body: Buffer.from(image.imageBase64, 'base64') }
}

/** A reply as JSON, whatever the caller accepts. */
export const toJsonResponse = (reply: Reply): WebResponse => ({
  status: statusOf(reply),
  headers: headersOf(reply),
  body: JSON.stringify(reply),
})

function headersOf(reply: Reply): Record<string, string> {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  if (reply.ok) return headers

  const { code, retryAfterMs } = reply.error
  return {
    ...headers,
    ...(code === 'METHOD_NOT_ALLOWED' && { allow: 'POST' }),
    ...(code === 'UNAUTHENTICATED' && { 'www-authenticate': 'Bearer' }),
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  }
}

/** Whether `image/*` or an image type stands before JSON, or JSON nowhere. A wildcard for all types asks for neither. */
function prefersImage(accept = ''): boolean {
  const types = accept.split(',').map((range) => range.split(';')[0]?.trim().toLowerCase() ?? '')
  const image = types.findIndex((type) => type.startsWith('image/'))
  const json = types.indexOf('application/json')
  return image >= 0 && (json < 0 || image < json)
}
