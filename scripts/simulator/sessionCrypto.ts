import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

export type SealedData = { encryptedData: string; iv: string }

/** Encrypts open data as WeChat does: AES-128-CBC with PKCS#7, key and iv of 16 bytes, everything in base64. */
export function encryptOpenData(
  plaintext: string,
  sessionKey: string,
  iv = randomBytes(16).toString('base64'),
): SealedData {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(iv, 'base64'))
  return { encryptedData: cipher.update(plaintext, 'utf8', 'base64') + cipher.final('base64'), iv }
}

/** The `signature` next to `rawData`: SHA-1 over the raw text and the session key as base64 text. */
export const signRawData = (rawData: string, sessionKey: string) =>
  createHash('sha1')
    .update(rawData + sessionKey)
    .digest('hex')

/** The user-session signature: HMAC-SHA256 keyed with the base64 *text* of the session key, not with its bytes. */
export const signSession = (message: string, sessionKey: string) =>
  createHmac('sha256', sessionKey).update(message).digest('hex')
