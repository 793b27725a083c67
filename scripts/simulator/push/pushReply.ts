import { openPush, signPush } from './pushCrypto.ts'
import type { HttpTarget } from './pushTarget.ts'
import { parsePushXml } from './pushXml.ts'

export type PushReply = Readonly<Record<string, unknown>>

/** Whether a value can be the reply to a push: an object, but not one that reports a function's error. */
export const isPushReply = (value: unknown): value is PushReply =>
  typeof value === 'object' && value !== null && !('ok' in value && value.ok === false)

/**
 * Reads the body that acknowledges a push: `success` or nothing at all, or else a reply in the target's format, which
 * the encrypted mode wants encrypted and signed. Throws with the reason when it is none of these.
 */
export function readPushReply(body: string, target: HttpTarget, appId: string): PushReply | undefined {
  if (body === 'success' || body === '') return undefined

  const { mode = 'encrypted' } = target
  const outer = parseReply(body, target)
  const isPlain = mode === 'plain' || (mode === 'compatible' && outer.Encrypt === undefined)
  return isPlain ? outer : parseReply(openReply(outer, target, appId), target)
}

function parseReply(text: string, { format = 'json' }: HttpTarget): PushReply {
  const reply: unknown = format === 'xml' ? parsePushXml(text) : JSON.parse(text)
  if (!isPushReply(reply)) throw new Error(`this is no reply: ${text}`)
  return reply
}

function openReply(outer: PushReply, { token, aesKey, format = 'json' }: HttpTarget, appId: string): string {
  const { Encrypt, MsgSignature, TimeStamp, Nonce } = outer
  const hasTime = typeof TimeStamp === (format === 'xml' ? 'string' : 'number')
  if (typeof Encrypt !== 'string' || typeof Nonce !== 'string' || !hasTime) {
    throw new Error('an encrypted reply has Encrypt, MsgSignature, TimeStamp (in JSON a number) and Nonce')
  }
  const expectedSignature = signPush(token, String(TimeStamp), Nonce, Encrypt)
  if (MsgSignature !== expectedSignature) throw new Error('the MsgSignature of the reply is wrong')
  return openPush(Encrypt, { aesKey, appId })
}
