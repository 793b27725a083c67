import { canonicalJson } from '../core/canonicalJson.ts'
import { sha256Base64Url } from '../core/digest.ts'
import { type Json, readLooseInteger } from '../core/json.ts'
import { isWithinBounds, type PushFormat, parsePushText } from './pushText.ts'

/** What every message and event of WeChat's has, and all that it says in WeChat's own spelling. */
export type PushMessage = {
  /** As WeChat writes it: `text`, `image`, `event`, … */
  readonly msgType: string
  /** Of `event` alone. */
  readonly event?: string
  /** The user's openid. */
  readonly fromUserName: string
  /** The mini program's original id (`gh_…`), or its app id where CloudBase passes the message on. */
  readonly toUserName: string
  readonly createTimeSeconds: number
  /** Of what a user sent. A 64-bit integer. */
  readonly msgId?: string
  readonly fields: Json
}

const LATEST_SECONDS = 9_999_999_999
/** A verdict is about a job, and samples of it leave out who and when. */
const NEEDS_NO_SENDER = 'wxa_media_check'

/**
 * Reads a pushed message, JSON or XML.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 *
 * @returns `undefined` when it is none, or none of a size that WeChat sends
 */
export function readPushMessage(format: PushFormat, text: string): PushMessage | undefined {
  const fields = parsePushText(format, text)
  return fields && toPushMessage(fields)
}

/** Reads a message that the platform has parsed already, as CloudBase does. @see readPushMessage */
export function toPushMessage(fields: Json): PushMessage | undefined {
  const { MsgType: msgType, Event: event, FromUserName: sender, ToUserName: receiver } = fields
  if (!isName(msgType) || !isWithinBounds(fields)) return undefined

  const isAnonymous = event === NEEDS_NO_SENDER
  const fromUserName = isName(sender) ? sender : ''
  const toUserName = isName(receiver) ? receiver : ''
  const createTimeSeconds = readLooseInteger(fields.CreateTime) ?? (isAnonymous ? 0 : -1)
  const isTime = createTimeSeconds >= 0 && createTimeSeconds <= LATEST_SECONDS
  if (!isTime || (fromUserName === '' && !isAnonymous)) return undefined

  const msgId = readId(fields.MsgId)
  return {
    msgType,
    ...(msgType === 'event' && isName(event) && { event }),
    fromUserName,
    toUserName,
    createTimeSeconds,
    ...(msgId && { msgId }),
    fields,
  }
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 128

/** An id told as text or number. One that a number could not hold exactly is none: two could look the same. */
export function readId(value: unknown): string | undefined {
  const id = Number.isSafeInteger(value) ? String(value) : value
  return isName(id) && id !== '0' ? id : undefined
}

/**
 * What makes a message this one and no other, whenever and however often it is pushed: the sender and its
 * MsgId, or else the sender, the time, the event and all that it says.
 */
export function pushIdOf(message: PushMessage): string {
  const { fromUserName, msgId, createTimeSeconds, event, fields } = message
  const identity = msgId ? [fromUserName, msgId] : [fromUserName, createTimeSeconds, event ?? '', fields]
  return sha256Base64Url(canonicalJson(identity))
}
