import type { Json } from '../core/json.ts'
import type { PushMessage } from './readPushMessage.ts'

/** A passive reply: `fields` (`MsgType` and what goes with it), back to where the message came from. */
export const passiveReply = (
  { fromUserName, toUserName }: Pick<PushMessage, 'fromUserName' | 'toUserName'>,
  fields: Json,
  nowMs: number,
): Json => ({
  ...fields,
  ToUserName: fromUserName,
  FromUserName: toUserName,
  CreateTime: Math.floor(nowMs / 1000),
})

/**
 * The passive reply that hands a user's message over to WeChat's customer-service tool. It is no answer to an
 * event.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/trans.html
 */
export const transferToCustomerService = (
  message: Pick<PushMessage, 'fromUserName' | 'toUserName'>,
  nowMs: number,
): Json => passiveReply(message, { MsgType: 'transfer_customer_service' }, nowMs)
