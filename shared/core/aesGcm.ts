import { createCipheriv, createDecipheriv } from 'node:crypto'

export const NONCE_BYTES = 12
const TAG_BYTES = 16

type Parameters = {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes, never twice under one key. */
  readonly nonce: Uint8Array
  /** Authenticated and not part of the result. */
  readonly associatedData: Uint8Array
}

const options = { authTagLength: TAG_BYTES }

/** Encrypts under AES-256-GCM (NIST SP 800-38D). @returns the ciphertext with its 16-byte tag behind it */
export function encryptAes256Gcm(plaintext: Uint8Array, { key, nonce, associatedData }: Parameters): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, options).setAAD(associatedData)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Opens what `encryptAes256Gcm` made. `undefined` when any byte of it or of the parameters is another. */
export function decryptAes256Gcm(
  sealed: Uint8Array,
  { key, nonce, associatedData }: Parameters,
): Buffer | undefined {
  if (sealed.length < TAG_BYTES) return undefined

  const decipher = createDecipheriv('aes-256-gcm', key, nonce, options)
    .setAAD(associatedData)
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}
