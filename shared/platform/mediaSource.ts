import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { Problem } from '../core/problem.ts'
import type { MediaSource } from '../ports/mediaSource.ts'

/** For tests, whose media hosts are on this machine. */
type MediaSourceOptions = {
  /** The name servers to ask in place of the system's, as `address:port`. */
  readonly dnsServers?: readonly string[]
  /** The certificate authority to trust in place of the well-known ones. */
  readonly ca?: string
  readonly port?: number
}

/** Media over HTTPS. The DNS is asked without `getaddrinfo`, which nobody can call off. */
export function createMediaSource({ dnsServers, ...tls }: MediaSourceOptions = {}): MediaSource {
  return {
    async addressesOf(host, timeoutMs) {
      // Loaded here, because hardly any call needs it and every one would wait for it.
      const { Resolver } = await import('node:dns/promises')
      const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
      if (dnsServers) resolver.setServers(dnsServers)
      const timer = setTimeout(() => resolver.cancel(), timeoutMs)
      const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
      clearTimeout(timer)
      return found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    },

    async fetch({ url, addresses, timeoutMs }, read) {
      const signal = AbortSignal.timeout(timeoutMs)
      let request: ClientRequest | undefined
      try {
        request = https.get(url, {
          agent: false,
          headers: { 'accept-encoding': 'identity' },
          lookup: lookupIn(addresses),
          signal,
          ...tls,
        })
        // Errors may follow the one that is waited for, and would end the process unheard.
        request.on('error', () => undefined)
        const [response] = (await once(request, 'response')) as [IncomingMessage]
        return await read({ status: response.statusCode ?? 0, headers: response.headers, body: response })
      } catch (thrown) {
        if (!isSystemError(thrown)) throw thrown
        return { fault: signal.aborted ? 'no complete answer in time' : thrown.code }
      } finally {
        request?.destroy()
      }
    },
  }
}

/** The host's addresses are those that were looked at, whatever the DNS says by now. */
const lookupIn =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (all) done(null, found)
    else done(null, found[0]?.address ?? '', found[0]?.family)
  }

const isSystemError = (thrown: unknown): thrown is Error & { readonly code: string } =>
  thrown instanceof Error &&
  !(thrown instanceof Problem) &&
  'code' in thrown &&
  typeof thrown.code === 'string'
