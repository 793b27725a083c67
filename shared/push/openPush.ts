import type { Json } from '../core/json.ts'
import { Problem } from '../core/problem.ts'
import type { Random } from '../ports/random.ts'
import { decryptPush, encryptPush } from './pushCipher.ts'
import { type PushQuery, type PushSettings, readPushQuery, refusedPush } from './pushQuery.ts'
import { signPush, verifyPushSignature } from './pushSignature.ts'
import { formatOf, MAX_PUSH_BYTES, type PushFormat, parsePushText, writePushText } from './pushText.ts'

/** A push that WeChat sent, with what it says. */
export type OpenedPush = {
  readonly format: PushFormat
  /** The message itself, not parsed. */
  readonly text: string
  /** Makes the HTTP answer that holds a passive reply: in the push's format, encrypted with its key if it was. */
  readonly seal: (reply: Json, nowMs: number, random: Random) => { contentType: string; body: string }
}

const CONTENT_TYPES = { json: 'application/json; charset=utf-8', xml: 'application/xml; charset=utf-8' }

/**
 * Opens a push: verifies that it comes from WeChat, and decrypts it.
 *
 * In encrypted mode `msg_signature` vouches for the message; whatever else the body holds is passed over. In
 * plain mode `signature` proves that WeChat made the URL, but nothing of what the body says.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 *
 * @throws Problem `UNAUTHENTICATED` for whatever is not acceptable, `PAYLOAD_TOO_LARGE` for more than 64 KiB,
 * `CONFIG_ERROR` for a setting that is missing
 */
export function openPush(
  { query, body }: { readonly query: PushQuery; readonly body: Uint8Array },
  settings: PushSettings,
  nowMs: number,
): OpenedPush {
  if (body.byteLength > MAX_PUSH_BYTES) throw new Problem('PAYLOAD_TOO_LARGE')

  const parameters = readPushQuery(query, nowMs)
  const { signature, timestamp, nonce } = parameters
  const token = settings.pushToken.reveal()
  const isPlain = settings.pushMode === 'plain'
  if (isPlain || signature !== undefined) verifyPushSignature('signature', signature, token, timestamp, nonce)

  const text = decodeText(body)
  const format = formatOf(text)
  if (isPlain) return { format, text, seal: (reply) => toAnswer(format, reply) }

  const { encrypt_type: encryptType = 'aes', msg_signature: messageSignature } = parameters
  if (encryptType !== 'aes') throw refusedPush('encrypt_type is not aes')

  const encrypt = parsePushText(format, text)?.Encrypt
  if (typeof encrypt !== 'string' || !isBase64OfBlocks(encrypt))
    throw refusedPush('Encrypt is missing or malformed')
  verifyPushSignature('msg_signature', messageSignature, token, timestamp, nonce, encrypt)

  const { appId } = settings
  for (const key of settings.pushKeys) {
    const message = decryptPush(Buffer.from(encrypt, 'base64'), key, appId)
    if (!message) continue

    const seal: OpenedPush['seal'] = (reply, sealedAtMs, random) => {
      const prefix = random.bytes(16)
      const sealed = encryptPush(writePushText(format, reply), key, appId, prefix).toString('base64')
      const seconds = Math.floor(sealedAtMs / 1000)
      const signed = signPush(token, String(seconds), nonce, sealed)
      return toAnswer(format, { Encrypt: sealed, MsgSignature: signed, TimeStamp: seconds, Nonce: nonce })
    }
    return { format, text: decodeText(message), seal }
  }
  throw refusedPush('no key decrypts it for this app id')
}

/** What is not UTF-8, and NUL, becomes U+FFFD: a store may not take it. */
const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replaceAll('\0', '\ufffd')

/** Whether a text is canonical base64 (RFC 4648 §4) of whole blocks of AES. */
function isBase64OfBlocks(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.length % 16 === 0 && bytes.toString('base64') === text
}

const toAnswer = (format: PushFormat, reply: Json): ReturnType<OpenedPush['seal']> => ({
  contentType: CONTENT_TYPES[format],
  body: writePushText(format, reply),
})
