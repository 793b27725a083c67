import { createDecipheriv } from 'node:crypto'

const BLOCK_BYTES = 16

/** What came out of a decryption: without its padding, or whole where the padding is wrong. */
export type Decrypted = { readonly bytes: Buffer; readonly isPadded: boolean }

/**
 * Decrypts AES-128-CBC (NIST SP 800-38A) with PKCS#7 padding.
 *
 * A wrong padding is told and not thrown, so that a caller can go on and let it cost as much work as
 * whatever else may be wrong.
 *
 * @param ciphertext a whole number of 16-byte blocks
 * @param key 16 bytes
 * @param iv 16 bytes
 */
export function decryptAes128Cbc(ciphertext: Uint8Array, key: Uint8Array, iv: Uint8Array): Decrypted {
  const decipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()])
  const length = padded.at(-1) ?? 0
  const isPadded =
    length >= 1 && length <= BLOCK_BYTES && padded.subarray(-length).every((byte) => byte === length)

  return { bytes: isPadded ? padded.subarray(0, -length) : padded, isPadded }
}
