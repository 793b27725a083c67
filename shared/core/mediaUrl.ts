import { Problem } from './problem.ts'

const MAX_LENGTH = 2048

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
/** At least two labels, the last of which begins with a letter: neither an address nor a name with a trailing dot. */
const HOST_NAME = new RegExp(`^(?:${LABEL}\\.)+(?=[a-z])${LABEL}$`)

/** Ends of names that the public DNS never answers: RFC 6761, 6762, 7686 and 8375, ICANN's `internal`, habit. */
const SPECIAL_NAMES = [
  ...['localhost', 'test', 'example', 'invalid', 'local', 'onion', 'alt', 'home.arpa', 'internal'],
  ...['localdomain', 'intranet', 'private', 'corp', 'home', 'lan'],
]

/**
 * Checks a URL that WeChat is asked to fetch: https, default port, on a public host.
 *
 * WeChat reads the text with a parser of its own. So the host must be written exactly as the URL standard reads
 * it (apart from capitals): no escape, no full-width letter, no number in disguise; a name in another script is
 * written as `xn--`. Another port than 443 is refused, for no public media host needs one and a scan would.
 *
 * @param allowedHosts narrow it further unless empty: `cdn.example.com` is that host alone, `*.example.com` every
 *   host below it but not itself
 * @throws Problem `MEDIA_URL_FORBIDDEN` with `field` `mediaUrl` and `reason`
 */
export function checkMediaUrl(url: string, allowedHosts: readonly string[]): void {
  const fault = faultOf(url, allowedHosts)
  if (fault) throw forbiddenMediaUrl(fault)
}

/** The URL is not one that anybody is to be sent to. */
export const forbiddenMediaUrl = (reason: string): Problem =>
  new Problem('MEDIA_URL_FORBIDDEN', { field: 'mediaUrl', reason })

function faultOf(url: string, allowedHosts: readonly string[]): string | undefined {
  if (url.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`
  if (/[\s\p{Cc}\\]/u.test(url)) return 'has a space, a control character or a backslash'

  const authority = /^https:\/\/([^/?#]+)/i.exec(url)?.[1]
  if (authority === undefined) return 'does not begin with https:// and a host'
  if (authority.includes('@')) return 'has a user name or a password'
  if (!URL.canParse(url)) return 'is not a URL'

  const { hostname, port } = new URL(url)
  if (/^\[|^[\d.]+$/.test(hostname)) return 'has an address in place of a host name'
  if (authority.replace(/:\d*$/, '').toLowerCase() !== hostname)
    return 'has a host that is not in its plain form'
  if (port !== '') return 'has another port than 443'
  if (!HOST_NAME.test(hostname) || isSpecial(hostname)) return 'is not on a public host'
  if (!isAllowed(hostname, allowedHosts)) return 'is on a host that is not allowed here'
  return undefined
}

const isSpecial = (host: string): boolean =>
  SPECIAL_NAMES.some((name) => host === name || host.endsWith(`.${name}`))

const isAllowed = (host: string, allowedHosts: readonly string[]): boolean =>
  allowedHosts.length === 0 ||
  allowedHosts
    .map((entry) => entry.toLowerCase())
    .some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry))
