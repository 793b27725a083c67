import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Secret } from '../core/secret.ts'

const ALGORITHM = 'aes-256-cbc'
const PREFIX_BYTES = 16
const HEADER_BYTES = PREFIX_BYTES + 4

/** PKCS#7 as WeChat has it here: to 32 bytes, which is not the block of AES. */
const PADDED_TO_BYTES = 32

/** The 43 characters may carry spare bits at their end, which a strict decoder would refuse. */
function decodeKey(encodingAesKey: Secret): { key: Buffer; iv: Buffer } {
  const key = Buffer.from(encodingAesKey.reveal(), 'base64')
  return { key, iv: key.subarray(0, 16) }
}

/**
 * Encrypts what WeChat shall read: 16 random bytes, the length, the message, the app id.
 *
 * @param prefix 16 random bytes
 */
export function encryptPush(message: string, key: Secret, appId: string, prefix: Uint8Array): Buffer {
  const bytes = Buffer.from(message)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  const plain = Buffer.concat([prefix, length, bytes, Buffer.from(appId)])
  const padding = PADDED_TO_BYTES - (plain.length % PADDED_TO_BYTES)

  const { key: aesKey, iv } = decodeKey(key)
  const cipher = createCipheriv(ALGORITHM, aesKey, iv).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(padding, padding)), cipher.final()])
}

/**
 * Decrypts what WeChat encrypted for this mini program.
 *
 * @param ciphertext a whole number of 16-byte blocks
 * @returns `undefined` when padding, length or app id are not what they have to be
 */
export function decryptPush(ciphertext: Uint8Array, key: Secret, appId: string): Buffer | undefined {
  const { key: aesKey, iv } = decodeKey(key)
  const decipher = createDecipheriv(ALGORITHM, aesKey, iv).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()])

  const plain = withoutPadding(padded)
  if (!plain || plain.length < HEADER_BYTES) return undefined

  const end = HEADER_BYTES + plain.readUInt32BE(PREFIX_BYTES)
  return plain.subarray(end).equals(Buffer.from(appId)) ? plain.subarray(HEADER_BYTES, end) : undefined
}

function withoutPadding(padded: Buffer): Buffer | undefined {
  const padding = padded.at(-1) ?? 0
  const isPadded =
    padded.length % PADDED_TO_BYTES === 0 &&
    padding >= 1 &&
    padding <= PADDED_TO_BYTES &&
    padded.subarray(-padding).every((byte) => byte === padding)
  return isPadded ? padded.subarray(0, -padding) : undefined
}
