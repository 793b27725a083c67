import { sendCustomerMessage } from '../../shared/wechat/endpoints/sendCustomerMessage.ts'
import type { MessageHandlers } from './messageHandlers.ts'

/** The endpoints of WeChat that the handlers may call. */
export const uses = { sendCustomerMessage }

/**
 * The place for your own reaction to messages. A message without a handler here is acknowledged and kept for
 * a week.
 *
 * A handler gets the message, typed, and what a reaction needs. It may return a reply: `passiveReply(…)`, or
 * `transferToCustomerService()` for the people who answer in WeChat's own tool. For example:
 *
 *     text: async ({ content, openid }, { once, wechat, transferToCustomerService }) => {
 *       if (content !== '你好') return transferToCustomerService()
 *       await once('greeting', () => wechat.sendCustomerMessage({ touser: openid, type: 'text', content: '你好！' }))
 *     },
 *
 * A verdict (`wxa_media_check`) reaches its handler once: the first on these media, which `getContentResult`
 * tells too.
 *
 * When a handler throws, or takes longer than 4.4 seconds, WeChat repeats the message and the handler runs
 * again, three times in all; then the message is set aside, acknowledged, and told in the log. So do what must
 * not happen twice inside `once`.
 */
export const handlers: MessageHandlers<typeof uses> = {}
