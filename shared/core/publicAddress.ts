/** The blocks of IPv4 that are not globally reachable, with multicast and what is reserved. */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
]
/** All that is handed out of IPv6 so far; loopback, private, link-local, mapped and multicast are elsewhere. */
const GLOBAL_IPV6 = '2000::/3'
/** Protocol assignments with Teredo among them, documentation twice, and 6to4. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
/** An IPv4 address as a network without IPv4 writes it (RFC 6052). */
const NAT64 = '64:ff9b::/96'

/**
 * Whether an address can be that of a host on the public internet. A text that is no address is none.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isPublicAddress(address: string): boolean {
  const bits = bitsOf(address)
  if (bits.length === 32) return isPublicIpv4(bits)
  if (isIn(bits, NAT64)) return isPublicIpv4(bits.slice(96))

  return isIn(bits, GLOBAL_IPV6) && !SPECIAL_IPV6.some((block) => isIn(bits, block))
}

const isPublicIpv4 = (bits: string): boolean => !SPECIAL_IPV4.some((block) => isIn(bits, block))

function isIn(bits: string, block: string): boolean {
  const [address = '', length] = block.split('/')
  return bits.startsWith(bitsOf(address).slice(0, Number(length)))
}

/** An address as 32 or 128 zeros and ones; empty for what is none. */
function bitsOf(address: string): string {
  const url = `https://${address.includes(':') ? `[${address}]` : address}`
  // The URL standard writes each address in one way alone.
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  if (/^[\d.]+$/.test(host)) return toBits(host.split('.'), 10, 8)
  if (!host.startsWith('[')) return ''

  const [left = [], right = []] = host
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return toBits([...left, ...zeros, ...right], 16, 16)
}

const toBits = (parts: readonly string[], radix: number, width: number): string =>
  parts.map((part) => Number.parseInt(part, radix).toString(2).padStart(width, '0')).join('')
