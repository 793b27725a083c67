import type { Json } from '../core/json.ts'
import type { ProblemCode } from '../core/problem.ts'
import type { Secret } from '../core/secret.ts'

/** A JSON object of WeChat's, not yet checked. */
export type WechatJson = Json

/** A file sent as the part of a multipart form. */
export type Upload = {
  readonly partName: string
  readonly fileName: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** What a request to an endpoint consists of, in WeChat's own spelling. */
export type EndpointRequest = {
  readonly query?: Readonly<Record<string, string>>
  readonly body?: WechatJson
  readonly upload?: Upload
}

/**
 * What a lost answer means.
 *
 * `read`: nothing, the request is repeated. `send`: it may have taken effect (a message, a limited code), so
 * it is never repeated. `code`: a one-time code may be spent, so it is never repeated either.
 */
export type Effect = 'read' | 'send' | 'code'

/** One WeChat endpoint as data. */
export type Endpoint<I = never, O = unknown> = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** `accessToken` is attached by the client; `appSecret` endpoints put the secret into their request. */
  readonly credential: 'accessToken' | 'appSecret'
  readonly effect: Effect
  /** `<category>.<method>` of the cloud call, which is its permission too. Absent where there is none. */
  readonly cloudCall?: string
  /** Set when the answer is an image rather than JSON: whether these bytes are a whole one. */
  readonly isImage?: (bytes: Uint8Array) => boolean
  /** Errcodes that mean something here that they do not mean everywhere. */
  readonly problems?: Readonly<Record<number, ProblemCode>>
  /** Errcodes other than 0 that are an answer rather than a failure. */
  readonly accepts?: readonly number[]
  /** The input field that holds the openid, for WeChat's 40003. Default `openid`. */
  readonly openidField?: 'openid' | 'touser'
  /** The input field that holds the page, for `PAGE_INVALID`. Default `page`. */
  readonly pageField?: 'page' | 'path'
  readonly request: (input: I, app: AppCredentials) => EndpointRequest
  /** Reads what the handler needs. Throws `UPSTREAM_BAD_RESPONSE` when it is not there. */
  readonly response: (answer: WechatJson, image: Uint8Array) => O
}

/** The mini program. The secret is read only by the endpoints that send it. */
export type AppCredentials = { readonly appId: string; readonly appSecret: Secret }

// biome-ignore lint/suspicious/noExplicitAny: an endpoint whose own types do not matter.
export type AnyEndpoint = Endpoint<any, any>

/** The endpoints of a function, by the name the handler calls them. */
export type Endpoints = Readonly<Record<string, AnyEndpoint>>

export const defineEndpoint = <I, O>(endpoint: Endpoint<I, O>): Endpoint<I, O> => Object.freeze(endpoint)
