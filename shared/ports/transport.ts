/** One HTTP request, ready to be put on the wire. The URL may hold secrets and is never logged. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** How long the whole exchange may take, connecting included. */
  readonly timeoutMs: number
  /** The most bytes an answer may have. */
  readonly maxResponseBytes: number
}

export type HttpResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** The network, as everything below an adapter sees it. Throws `TransportFailure` and nothing else. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>
}

/** No complete answer came. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure'
  /** Whether any byte of the request may have reached the other side. */
  readonly sent: boolean
  readonly kind: 'network' | 'timeout' | 'truncated'

  constructor(kind: TransportFailure['kind'], sent: boolean, detail: string) {
    super(detail)
    this.kind = kind
    this.sent = sent
  }
}
