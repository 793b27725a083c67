import { hashMedia } from '../../shared/core/mediaHash.ts'
import { forbiddenMediaUrl } from '../../shared/core/mediaUrl.ts'
import { isPublicAddress } from '../../shared/core/publicAddress.ts'
import type { Context } from '../../shared/function/define.ts'

/** Media under a URL that WeChat is about to be given. */
export type MediaPlace = {
  readonly url: string
  /** Whether the platform made the URL, and not the caller. */
  readonly isOfPlatform: boolean
  /** Whether we may connect to its host. */
  readonly mayFetch: boolean
}

const RESOLVE_MS = 800
const FETCH_MS = 2000

/**
 * Tencent's storage. Nobody else can point a name of these zones anywhere, and inside Tencent Cloud such a name
 * resolves to a short way through Tencent's own network.
 */
const STORAGE_OF_TENCENT = /\.(myqcloud\.com|tencentcos\.cn|qcloud\.la)$/

/**
 * Looks where a URL leads, and where that is allowed at what is there.
 *
 * A host with an address that is not public is refused. A name that does not resolve from here is left to
 * WeChat, since many functions have no way to the DNS. A fetch goes to the addresses that were looked at, so
 * that the DNS cannot answer otherwise in between; one that fails is noted in the log and holds nothing up.
 *
 * @returns SHA-256 of the bytes in hex; `undefined` when they were not fetched
 * @throws Problem `MEDIA_URL_FORBIDDEN`, `MEDIA_TOO_LARGE`
 */
export async function lookAtMedia(context: Context, place: MediaPlace): Promise<string | undefined> {
  const { hostname } = new URL(place.url)
  const addresses = await context.mediaSource.addressesOf(hostname, atMost(RESOLVE_MS, context))
  const isPublic = addresses.every(isPublicAddress)
  if (!isPublic && !place.isOfPlatform && !STORAGE_OF_TENCENT.test(hostname))
    throw forbiddenMediaUrl('is on a host with an address that is not public')
  if (!place.mayFetch) return undefined

  const { hash, fault } =
    isPublic && addresses.length > 0
      ? await fetchHash(context, place, addresses)
      : { fault: 'the host has no public address' }
  if (fault)
    context.warn('the media could not be looked at, so that their hash is that of their name', { fault })
  return hash
}

type Look = { readonly hash?: string; readonly fault?: string }

const fetchHash = (context: Context, place: MediaPlace, addresses: readonly string[]): Promise<Look> =>
  context.mediaSource.fetch<Look>(
    { url: place.url, addresses, timeoutMs: atMost(FETCH_MS, context) },
    async ({ status, headers, body }) => {
      if (status >= 300 && status < 400 && !place.isOfPlatform)
        throw forbiddenMediaUrl('leads to another URL')
      if (status !== 200) return { fault: `HTTP ${status}` }
      if ((headers['content-encoding'] ?? 'identity') !== 'identity')
        return { fault: 'the media are encoded' }

      return { hash: await hashMedia(body, Number(headers['content-length'])) }
    },
  )

/** A quarter of the time that is left is the most that a look may take. In whole milliseconds. */
const atMost = (capMs: number, { clock, deadlineAtMs }: Context): number =>
  Math.max(1, Math.min(capMs, Math.floor((deadlineAtMs - clock.nowMs()) / 4)))
