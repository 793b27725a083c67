import * as z from 'zod/mini'
import { parseBase64 } from '../../shared/core/base64.ts'
import { OPEN_DATA_KINDS, type OpenDataKind } from '../../shared/core/openData.ts'
import { invalidArgument } from '../../shared/core/problem.ts'
import { text } from '../../shared/function/fields.ts'

const MAX_CIPHERTEXT_BYTES = 32 * 1024
const MIN_CIPHERTEXT_BYTES = 32
const BLOCK_BYTES = 16

export const input = z.strictObject({
  encryptedData: z.optional(text({ maxLength: Math.ceil(MAX_CIPHERTEXT_BYTES / 3) * 4 })),
  iv: z.optional(text({ maxLength: 64 })),
  rawData: z.optional(text({ maxLength: MAX_CIPHERTEXT_BYTES })),
  signature: z.optional(text({ pattern: /^[0-9a-f]{40}$/ })),
  // CloudBase replaces a cloudID at the top of a callFunction's data by `{ cloudID, data }`.
  cloudID: z.optional(z.unknown()),
  kind: z.optional(z.enum(OPEN_DATA_KINDS)),
})

export type Input = z.output<typeof input>

export type DecryptOpenDataInput = {
  readonly kind?: OpenDataKind
  readonly encryptedData?: string
  readonly iv?: string
  readonly rawData?: string
  readonly signature?: string
  /** In a mini program: `wx.cloud.CloudID(id)`; over HTTP: the id itself. */
  readonly cloudID?: string | object
}

/**
 * `encryptedData` with `iv`, a `cloudID`, or `rawData` with `signature`, which may also accompany the first.
 *
 * @throws Problem `INVALID_ARGUMENT`
 */
export function requireOneWay({ encryptedData, iv, rawData, signature, cloudID, kind }: Input): void {
  if ((encryptedData === undefined) !== (iv === undefined))
    throw missing(iv === undefined ? 'iv' : 'encryptedData')
  if ((rawData === undefined) !== (signature === undefined))
    throw missing(rawData === undefined ? 'rawData' : 'signature')
  if (cloudID !== undefined && (encryptedData !== undefined || rawData !== undefined)) {
    throw invalidArgument('cloudID', 'goes alone')
  }
  if (cloudID === undefined && encryptedData === undefined && rawData === undefined)
    throw missing('encryptedData')
  if (rawData !== undefined && kind !== undefined && kind !== 'userInfo') {
    throw invalidArgument('rawData', 'exists for userInfo only')
  }
}

const missing = (field: string) => invalidArgument(field, 'is missing')

/** The encrypted bytes, checked for their shape before anything is decrypted. @throws Problem `INVALID_ARGUMENT` */
export function parseCiphertext(encryptedData: string, ivBase64: string): { ciphertext: Buffer; iv: Buffer } {
  const iv = parseBase64(ivBase64, 'iv')
  if (iv.length !== BLOCK_BYTES)
    throw invalidArgument('iv', `has ${iv.length} bytes instead of ${BLOCK_BYTES}`)

  const ciphertext = parseBase64(encryptedData, 'encryptedData')
  const { length } = ciphertext
  if (length % BLOCK_BYTES !== 0)
    throw invalidArgument('encryptedData', 'is not a whole number of 16-byte blocks')
  if (length < MIN_CIPHERTEXT_BYTES)
    throw invalidArgument('encryptedData', `is below its minimum of ${MIN_CIPHERTEXT_BYTES} bytes`)
  if (length > MAX_CIPHERTEXT_BYTES)
    throw invalidArgument('encryptedData', `is over its maximum of ${MAX_CIPHERTEXT_BYTES} bytes`)
  return { ciphertext, iv }
}
