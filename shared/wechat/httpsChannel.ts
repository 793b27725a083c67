import { parseJson } from '../core/parseJson.ts'
import { type HttpResponse, type Transport, TransportFailure } from '../ports/transport.ts'
import { type Answer, type Channel, ExchangeFailure } from './channel.ts'
import type { AnyEndpoint, EndpointRequest } from './endpoint.ts'
import { errcodeOf } from './errcodes.ts'
import { encodeMultipart } from './multipart.ts'

const MAX_RESPONSE_BYTES = 8 * 1024 * 1024
const OPENING_BRACE = 0x7b

/** Reaches WeChat's API over HTTPS. The access token travels in the query, as WeChat wants it. */
export const createHttpsChannel = (transport: Transport, baseUrl: string): Channel => ({
  needsAccessToken: true,

  async exchange({ endpoint, request, accessToken, timeoutMs }) {
    const query = new URLSearchParams({ ...(accessToken && { access_token: accessToken }), ...request.query })
    const { headers, body } = encodeBody(request)
    const response = await transport
      .send({
        method: endpoint.method,
        url: `${baseUrl}${endpoint.path}${query.size > 0 ? `?${query}` : ''}`,
        headers: { accept: '*/*', ...headers },
        ...(body !== undefined && { body }),
        timeoutMs,
        maxResponseBytes: MAX_RESPONSE_BYTES,
      })
      .catch((failure: unknown) => {
        throw toExchangeFailure(failure)
      })

    return readAnswer(endpoint, response)
  },
})

function encodeBody(request: EndpointRequest): {
  headers: Record<string, string>
  body?: string | Uint8Array
} {
  if (request.upload) return encodeMultipart(request.upload)
  if (!request.body) return { headers: {} }

  return {
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(request.body),
  }
}

function toExchangeFailure(failure: unknown): unknown {
  if (!(failure instanceof TransportFailure)) return failure
  if (failure.kind === 'timeout') return new ExchangeFailure('timeout', failure.sent, failure.message)
  if (failure.kind === 'truncated') return new ExchangeFailure('unreadable', true, failure.message)

  return new ExchangeFailure('unreachable', failure.sent, failure.message)
}

/**
 * Tells an answer from what is none.
 *
 * WeChat reports failure inside HTTP 200 and mislabels its content types, so the bytes decide. A status of
 * another kind comes from something before WeChat (a proxy, a gateway) and is believed.
 */
function readAnswer(endpoint: AnyEndpoint, { status, headers, body }: HttpResponse): Answer {
  if (status === 429)
    throw new ExchangeFailure('rateLimited', true, 'HTTP 429', readRetryAfter(headers['retry-after']))
  if (status >= 500) throw new ExchangeFailure('unavailable', true, `HTTP ${status}`)

  if (firstByte(body) === OPENING_BRACE) {
    const json = parseJson(body.toString('utf8'))
    const errcode = json && errcodeOf(json)
    const isAnswer = json && errcode !== undefined && (isSuccess(status) || errcode !== 0)
    if (isAnswer) return { json }
  } else if (endpoint.isImage?.(body) && isSuccess(status)) {
    return { image: body }
  }
  throw new ExchangeFailure('unreadable', true, `HTTP ${status} with ${body.length} bytes that are no answer`)
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

const firstByte = (body: Buffer): number | undefined => body.find((byte) => byte > 0x20)

function readRetryAfter(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) * 1000 : undefined
}
