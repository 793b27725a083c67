import type { GrantNews } from '../core/grantNews.ts'
import type { Json } from '../core/json.ts'
import { readGrantNews } from './readGrantNews.ts'
import { type MediaVerdict, readMediaVerdict } from './readMediaVerdict.ts'
import type { PushMessage } from './readPushMessage.ts'

/** Who wrote to whom, and when. */
type Envelope = {
  readonly openid: string
  /** The mini program's original id (`gh_…`), or its app id where CloudBase passes the message on. */
  readonly originalId: string
  /** WeChat's time, in whole seconds. */
  readonly sentAtMs: number
  readonly msgId?: string
}

type Content =
  | { readonly kind: 'text'; readonly content: string }
  /** The picture is at `picUrl` for a while only. */
  | { readonly kind: 'image'; readonly picUrl: string; readonly mediaId: string }
  | {
      readonly kind: 'miniprogrampage'
      readonly title: string
      readonly appId: string
      readonly pagePath: string
      readonly thumbUrl: string
      readonly thumbMediaId: string
    }
  /** The user entered the customer session, by a button with this `session-from`. */
  | { readonly kind: 'user_enter_tempsession'; readonly sessionFrom: string }
  | ({ readonly kind: 'wxa_media_check' } & MediaVerdict)
  | SubscribeEvent<'subscribe_msg_popup_event'>
  | SubscribeEvent<'subscribe_msg_change_event'>
  | SubscribeEvent<'subscribe_msg_sent_event'>
  /** What has no shape of its own here. */
  | { readonly kind: 'other'; readonly msgType: string; readonly event?: string; readonly fields: Json }

type SubscribeEvent<K> = { readonly kind: K; readonly news: readonly GrantNews[] }

/** What WeChat pushes, by its kind: the MsgType of a message, the Event of an event. Absent texts are empty. */
export type IncomingMessage = Envelope & Content

/**
 * Gives a message its shape.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
 */
export function toIncomingMessage(message: PushMessage): IncomingMessage {
  const { fromUserName: openid, toUserName: originalId, createTimeSeconds, msgId } = message
  return {
    openid,
    originalId,
    sentAtMs: createTimeSeconds * 1000,
    ...(msgId && { msgId }),
    ...readContent(message),
  }
}

function readContent(message: PushMessage): Content {
  const { msgType, event, fields } = message
  const text = (name: string): string => {
    const value = fields[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }

  const kind = event ?? msgType
  switch (kind) {
    case 'text':
      return { kind, content: text('Content') }
    case 'image':
      return { kind, picUrl: text('PicUrl'), mediaId: text('MediaId') }
    case 'miniprogrampage':
      return {
        kind,
        title: text('Title'),
        appId: text('AppId'),
        pagePath: text('PagePath'),
        thumbUrl: text('ThumbUrl'),
        thumbMediaId: text('ThumbMediaId'),
      }
    case 'user_enter_tempsession':
      return { kind, sessionFrom: text('SessionFrom') }
    case 'subscribe_msg_popup_event':
    case 'subscribe_msg_change_event':
    case 'subscribe_msg_sent_event':
      return { kind, news: readGrantNews(message) }
  }

  const verdict = readMediaVerdict(message)
  return verdict
    ? { kind: 'wxa_media_check', ...verdict }
    : { kind: 'other', msgType, ...(event && { event }), fields }
}
