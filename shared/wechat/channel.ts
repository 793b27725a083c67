import type { AnyEndpoint, EndpointRequest, WechatJson } from './endpoint.ts'

/** A complete, readable answer of WeChat's. Whether it is a failure is for `errcode` to say. */
export type Answer =
  | { readonly json: WechatJson; readonly image?: never }
  | { readonly image: Buffer; readonly json?: never }

/** One request on its way to WeChat. */
export type Exchange = {
  readonly endpoint: AnyEndpoint
  readonly request: EndpointRequest
  /** Where the endpoint needs one and the channel carries one. */
  readonly accessToken?: string
  readonly timeoutMs: number
}

/** A way to reach WeChat: HTTPS with our own token, or CloudBase's cloud call. */
export interface Channel {
  /** Whether requests need an access token of ours. */
  readonly needsAccessToken: boolean
  /** Throws `ExchangeFailure` when no readable answer came. */
  exchange(exchange: Exchange): Promise<Answer>
}

/** Why no readable answer came. */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure'
  readonly kind: 'unreachable' | 'timeout' | 'unavailable' | 'unreadable' | 'rateLimited'
  /** Whether WeChat may have seen the request. */
  readonly sent: boolean
  readonly retryAfterMs: number | undefined

  constructor(kind: ExchangeFailure['kind'], sent: boolean, detail: string, retryAfterMs?: number) {
    super(detail)
    this.kind = kind
    this.sent = sent
    this.retryAfterMs = retryAfterMs
  }
}
