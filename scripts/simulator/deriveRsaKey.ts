import { checkPrimeSync, createHash, createPrivateKey, type KeyObject } from 'node:crypto'

const EXPONENT = 65537n
const PRIME_BYTES = 128
const made = new Map<string, KeyObject>()

/**
 * A 2048-bit RSA private key that follows from a text, so that a simulated device keeps its key over a restart.
 * Node has no seeded key generation; this one is for simulated devices and for nothing else.
 */
export function deriveRsaKey(seed: string): KeyObject {
  const key = made.get(seed) ?? makeKey(seed)
  made.set(seed, key)
  return key
}

function makeKey(seed: string): KeyObject {
  const p = derivePrime(`${seed} p`)
  const q = derivePrime(`${seed} q`)
  const d = invert(EXPONENT, (p - 1n) * (q - 1n))
  const numbers = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: invert(q, p) }
  const fields = Object.entries(numbers).map(([name, value]) => [name, toBase64url(value)])

  return createPrivateKey({ format: 'jwk', key: { kty: 'RSA', ...Object.fromEntries(fields) } })
}

function derivePrime(seed: string): bigint {
  const hex = createHash('shake256', { outputLength: PRIME_BYTES }).update(seed).digest('hex')
  // The two top bits make the product of two primes exactly 2048 bits long.
  let candidate = BigInt(`0x${hex}`) | (3n << BigInt(PRIME_BYTES * 8 - 2)) | 1n
  while ((candidate - 1n) % EXPONENT === 0n || !checkPrimeSync(candidate)) candidate += 2n
  return candidate
}

/** The inverse of a value modulo a coprime modulus, by Euclid's extended algorithm. */
function invert(value: bigint, modulus: bigint): bigint {
  let [remainder, nextRemainder] = [modulus, value % modulus]
  let [factor, nextFactor] = [0n, 1n]
  while (nextRemainder > 0n) {
    const quotient = remainder / nextRemainder
    ;[remainder, nextRemainder] = [nextRemainder, remainder - quotient * nextRemainder]
    ;[factor, nextFactor] = [nextFactor, factor - quotient * nextFactor]
  }
  return factor < 0n ? factor + modulus : factor
}

function toBase64url(value: bigint): string {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex').toString('base64url')
}
