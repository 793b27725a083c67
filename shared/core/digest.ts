import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** SHA-256 of text (as UTF-8) or bytes. */
export const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest()

/** SHA-256 in base64url: a name for a value that tells nothing of it. */
export const sha256Base64Url = (data: string): string => sha256(data).toString('base64url')

/** SHA-256 in lower-case hex, as WeChat's APIs want it. */
export const sha256Hex = (data: string | Uint8Array): string => sha256(data).toString('hex')

/** SHA-1 in lower-case hex. WeChat's protocols prescribe it; nothing of our own uses it. */
export const sha1Hex = (data: string): string => createHash('sha1').update(data).digest('hex')

/** HMAC-SHA-256 (RFC 2104). */
export const hmacSha256 = (key: string | Uint8Array, message: string | Uint8Array): Buffer =>
  createHmac('sha256', key).update(message).digest()

/** HKDF-SHA-256 (RFC 5869) without a salt, which key material that is random already does not need. */
export const hkdfSha256 = (material: Uint8Array, info: string | Uint8Array, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', material, '', info, bytes))

/**
 * Whether two secrets are the same, in constant time.
 *
 * Compares digests, so that a difference in length is an ordinary difference.
 */
export const isSameSecret = (expected: string, claimed: string): boolean =>
  timingSafeEqual(sha256(expected), sha256(claimed))
