import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** The padding of this scheme goes by blocks of 32 bytes, twice those of the cipher. */
const PAD_BLOCK = 32
const RANDOM_BYTES = 16
const LENGTH_BYTES = 4

export type PushKey = { readonly aesKey: string; readonly appId: string }

/** `signature` of token, timestamp and nonce; `msg_signature` of these and the encrypted text. */
export const signPush = (...parts: readonly string[]): string =>
  createHash('sha1').update(parts.toSorted().join('')).digest('hex')

/** Encrypts a message: AES-256-CBC over 16 random bytes, the length in four bytes, the message and the app id. */
export function sealPush(
  message: string,
  { aesKey, appId }: PushKey,
  random: Buffer = randomBytes(RANDOM_BYTES),
): string {
  const text = Buffer.from(message)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(text.length)
  const plain = Buffer.concat([random, length, text, Buffer.from(appId)])
  const padLength = PAD_BLOCK - (plain.length % PAD_BLOCK)

  const { key, iv } = readKey(aesKey)
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  const padded = Buffer.concat([plain, Buffer.alloc(padLength, padLength)])
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64')
}

/** Decrypts what `sealPush` made. Throws when it is damaged or was made for another app. */
export function openPush(sealed: string, { aesKey, appId }: PushKey): string {
  const { key, iv } = readKey(aesKey)
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  const plain = unpad(Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]))

  const start = RANDOM_BYTES + LENGTH_BYTES
  if (plain.length < start) throw new Error('the encrypted text is too short')
  const end = start + plain.readUInt32BE(RANDOM_BYTES)
  if (plain.toString('utf8', end) !== appId) throw new Error('the encrypted text is not for this app id')
  return plain.toString('utf8', start, end)
}

function readKey(aesKey: string) {
  const key = Buffer.from(`${aesKey}=`, 'base64')
  return { key, iv: key.subarray(0, 16) }
}

function unpad(padded: Buffer): Buffer {
  const padLength = padded.at(-1) ?? 0
  const padding = padded.subarray(-padLength)
  const isPadding = padLength >= 1 && padLength <= PAD_BLOCK && padding.every((byte) => byte === padLength)
  if (!isPadding) throw new Error('the padding of the encrypted text is wrong')
  return padded.subarray(0, -padLength)
}
