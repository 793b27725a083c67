import { randomInt } from 'node:crypto'
import { sealPush, signPush } from './pushCrypto.ts'
import { writePushJson } from './pushJson.ts'
import { type PushMessage, toSeconds } from './pushMessage.ts'
import type { HttpTarget } from './pushTarget.ts'
import { writePushXml } from './pushXml.ts'

/** The mini program that pushes come from, and its clock. */
export type PushSender = { readonly appId: string; readonly nowMs: () => number }
export type PushRequest = { readonly url: URL; readonly contentType: string; readonly body: string }

/** The POST that carries a message: every call has a timestamp, a nonce and an encryption of its own. */
export function toPushRequest(
  target: HttpTarget,
  message: PushMessage,
  { appId, nowMs }: PushSender,
): PushRequest {
  const { url, token, aesKey, mode = 'encrypted', format = 'json' } = target
  const [write, contentType] =
    format === 'xml' ? ([writePushXml, 'text/xml'] as const) : ([writePushJson, 'application/json'] as const)
  const plain = write(message)
  const stamp = makeStamp(token, nowMs())
  const { FromUserName: openid } = message
  const query = { ...stamp, ...(typeof openid === 'string' && { openid }) }
  if (mode === 'plain') return { url: withQuery(url, query), contentType, body: plain }

  const Encrypt = sealPush(plain, { aesKey, appId })
  const msg_signature = signPush(token, stamp.timestamp, stamp.nonce, Encrypt)
  const { ToUserName = '' } = message
  return {
    url: withQuery(url, { ...query, encrypt_type: 'aes', msg_signature }),
    contentType,
    body: write(mode === 'compatible' ? { ...message, Encrypt } : { ToUserName, Encrypt }),
  }
}

/** The GET with which WeChat makes sure that a URL is the developer's own, and the text that it must answer. */
export function toVerification({ url, token }: HttpTarget, nowMs: number): { url: URL; echostr: string } {
  const echostr = makeDigits() + makeDigits()
  return { url: withQuery(url, { ...makeStamp(token, nowMs), echostr }), echostr }
}

function makeStamp(token: string, nowMs: number) {
  const [timestamp, nonce] = [String(toSeconds(nowMs)), makeDigits()]
  return { signature: signPush(token, timestamp, nonce), timestamp, nonce }
}

const makeDigits = () => String(randomInt(100_000_000, 1_000_000_000))

function withQuery(url: string, query: Readonly<Record<string, string>>): URL {
  const whole = new URL(url)
  for (const [name, value] of Object.entries(query)) whole.searchParams.append(name, value)
  return whole
}
