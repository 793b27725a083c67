import { defineEndpoint } from '../endpoint.ts'
import { requireAnswer } from '../readAnswer.ts'

/** What a mini program can tell a user in the customer session, by WeChat's `msgtype`. */
export type CustomerMessage = {
  readonly touser: string
  /** Whether WeChat marks the message as made by an AI. */
  readonly isAiMessage?: boolean
} & (
  | { readonly type: 'text'; readonly content: string }
  | { readonly type: 'image'; readonly mediaId: string }
  | {
      readonly type: 'link'
      readonly title: string
      readonly description: string
      readonly url: string
      readonly thumbUrl: string
    }
  | {
      readonly type: 'miniprogrampage'
      readonly title: string
      readonly pagePath: string
      readonly thumbMediaId: string
    }
)

/**
 * Sends a customer message: up to five within 48 hours of a user's own. Never repeated unless WeChat
 * certainly refused it: the user would get it twice.
 *
 * Outside that window WeChat says 45015, `USER_NOT_RECENT`; within it, with the five used up, 45047,
 * `QUOTA_EXCEEDED`. Neither passes before the user writes again.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/customer-message/customerServiceMessage.send.html
 */
export const sendCustomerMessage = defineEndpoint({
  method: 'POST',
  path: '/cgi-bin/message/custom/send',
  credential: 'accessToken',
  effect: 'send',
  cloudCall: 'customerServiceMessage.send',
  openidField: 'touser',
  problems: { 45015: 'USER_NOT_RECENT', 45047: 'QUOTA_EXCEEDED' },
  request: (message: CustomerMessage) => ({
    body: {
      touser: message.touser,
      msgtype: message.type,
      [message.type]: contentOf(message),
      ...(message.isAiMessage && { aimsgcontext: { is_ai_msg: 1 } }),
    },
  }),
  response: requireAnswer,
})

function contentOf(message: CustomerMessage): object {
  switch (message.type) {
    case 'text':
      return { content: message.content }
    case 'image':
      return { media_id: message.mediaId }
    case 'link':
      return {
        title: message.title,
        description: message.description,
        url: message.url,
        thumb_url: message.thumbUrl,
      }
    case 'miniprogrampage':
      return { title: message.title, pagepath: message.pagePath, thumb_media_id: message.thumbMediaId }
  }
}
