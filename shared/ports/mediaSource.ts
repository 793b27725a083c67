/** What a media host answered, its body still on the way. */
export type MediaAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AsyncIterable<Uint8Array>
}

/** A file to be fetched over TLS, from one of these addresses of its host and from no other. */
export type MediaRequest = {
  readonly url: string
  readonly addresses: readonly string[]
  /** How long the whole may take, from connecting to the last byte. */
  readonly timeoutMs: number
}

/** Why a file was not read to its end, in a word or two for the log. */
export type Unread = { readonly fault: string }

/** Where media come from, as everything below an adapter sees it. To be out of reach is no failure here. */
export interface MediaSource {
  /** The addresses of a host, IPv4 before IPv6; none when the DNS does not tell any in time. */
  addressesOf(host: string, timeoutMs: number): Promise<readonly string[]>
  /**
   * Fetches a file while `read` reads it, following no redirect. The connection is closed when `read` ends,
   * whether or not it has read all.
   *
   * @returns what `read` returns, unless the host is out of reach, proves to be another, breaks off or is slow
   */
  fetch<T>(request: MediaRequest, read: (answer: MediaAnswer) => Promise<T>): Promise<T | Unread>
}
