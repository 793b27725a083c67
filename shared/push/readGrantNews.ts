import type { GrantNews } from '../core/grantNews.ts'
import { isJsonObject, type Json, readLooseInteger } from '../core/json.ts'
import { type PushMessage, readId } from './readPushMessage.ts'

/**
 * Reads what an event tells about a user's grants: `subscribe_msg_popup_event`, `subscribe_msg_change_event`
 * and `subscribe_msg_sent_event`. Any other tells nothing.
 *
 * JSON has the items in `List`, one of them as an object and several as an array; XML wraps that in an element
 * named after the event. Items that lack something are passed over.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
 */
export function readGrantNews({ event = '', createTimeSeconds, fields }: PushMessage): readonly GrantNews[] {
  const read = READERS.get(event)
  if (!read) return []

  const news = itemsOf(fields).flatMap((item) => {
    const { TemplateId: templateId } = item
    const isTemplate = typeof templateId === 'string' && /^[\w-]{1,128}$/.test(templateId)
    const news = isTemplate && read(item, { templateId, atMs: createTimeSeconds * 1000 })
    return news ? [news] : []
  })
  // What one event says twice is said once.
  return [...new Map(news.map((piece) => [JSON.stringify(piece), piece])).values()]
}

type Happening = { readonly templateId: string; readonly atMs: number }

type Reader = (item: Json, happening: Happening) => GrantNews | undefined

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    'subscribe_msg_popup_event',
    ({ SubscribeStatusString: status }, happening) =>
      typeof status === 'string' && status !== ''
        ? { kind: 'tap', ...happening, isAccepted: isAccepted(status) }
        : undefined,
  ],
  [
    'subscribe_msg_change_event',
    // WeChat tells a refusal alone. Were it to tell the contrary, a switch in the settings grants no message.
    ({ SubscribeStatusString: status }, happening) =>
      typeof status === 'string' && status !== '' && !isAccepted(status)
        ? { kind: 'withdrawal', ...happening }
        : undefined,
  ],
  [
    'subscribe_msg_sent_event',
    (item, happening) => {
      const msgid = readId(item.MsgID)
      const errorCode = readLooseInteger(item.ErrorCode)
      return msgid && errorCode !== undefined
        ? { kind: 'delivery', ...happening, msgid, isDelivered: errorCode === 0 }
        : undefined
    },
  ],
])

/** `acceptWithAudio` and the like are an acceptance too. */
const isAccepted = (status: string): boolean => status.startsWith('accept')

function itemsOf(fields: Json): readonly Json[] {
  const containers = fields.List === undefined ? Object.values(fields).flatMap(toArray) : [fields]
  return containers
    .filter(isJsonObject)
    .flatMap(({ List: list }) => toArray(list))
    .filter(isJsonObject)
}

const toArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])
