import type { Delivery } from '../deliveries.ts'
import { type PushMessage, toSeconds } from './pushMessage.ts'

/** Whom an event is about, and when it happened. */
type Happening = { readonly openid: string; readonly atMs: number }

/** Asked by a page of the mini program. */
const PAGE_SCENE = '0'

/** `subscribe_msg_popup_event`: the user answered the popup, for all its templates at once. */
export const popupEvent = (
  happening: Happening,
  status: 'accept' | 'reject',
  templateIds: readonly string[],
): PushMessage =>
  subscribeEvent(
    'subscribe_msg_popup_event',
    happening,
    templateIds.map((TemplateId) => ({ TemplateId, SubscribeStatusString: status, PopupScene: PAGE_SCENE })),
  )

/** `subscribe_msg_change_event`: the user switched templates off in the settings. */
export const changeEvent = (happening: Happening, templateIds: readonly string[]): PushMessage =>
  subscribeEvent(
    'subscribe_msg_change_event',
    happening,
    templateIds.map((TemplateId) => ({ TemplateId, SubscribeStatusString: 'reject' })),
  )

/** `subscribe_msg_sent_event`: whether a message that was taken has reached the user. */
export const sentEvent = (
  happening: Happening,
  templateId: string,
  msgid: string,
  { errorCode, errorStatus }: Delivery,
): PushMessage =>
  subscribeEvent('subscribe_msg_sent_event', happening, [
    { TemplateId: templateId, MsgID: msgid, ErrorCode: String(errorCode), ErrorStatus: errorStatus },
  ])

/** In JSON every value of these events is text, and a `List` of one item is that item. */
function subscribeEvent(
  event: string,
  { openid, atMs }: Happening,
  items: readonly PushMessage[],
): PushMessage {
  const [only, ...others] = items
  return {
    FromUserName: openid,
    CreateTime: String(toSeconds(atMs)),
    MsgType: 'event',
    Event: event,
    List: only && others.length === 0 ? only : items,
  }
}
