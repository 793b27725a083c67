import { readLooseInteger } from '../../core/json.ts'
import { defineEndpoint } from '../endpoint.ts'
import { requireAnswer } from '../readAnswer.ts'

export type SubscribeMessage = {
  readonly touser: string
  readonly templateId: string
  readonly data: Readonly<Record<string, string>>
  readonly page?: string | undefined
  readonly miniprogramState: 'developer' | 'trial' | 'formal'
  readonly lang: 'zh_CN' | 'en_US' | 'zh_HK' | 'zh_TW'
}

/**
 * Sends a subscribe message. Never repeated unless WeChat certainly refused it: the user would get it twice.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 */
export const sendSubscribeMessage = defineEndpoint({
  method: 'POST',
  path: '/cgi-bin/message/subscribe/send',
  credential: 'accessToken',
  effect: 'send',
  cloudCall: 'subscribeMessage.send',
  openidField: 'touser',
  request: (message: SubscribeMessage) => ({
    body: {
      touser: message.touser,
      template_id: message.templateId,
      data: Object.fromEntries(Object.entries(message.data).map(([key, value]) => [key, { value }])),
      ...(message.page !== undefined && { page: message.page }),
      miniprogram_state: message.miniprogramState,
      lang: message.lang,
    },
  }),
  // WeChat's own tables leave msgid out, so its absence is no fault.
  response: (json) => {
    requireAnswer(json)
    const { msgid } = json
    const id = typeof msgid === 'string' && msgid !== '' ? msgid : readLooseInteger(msgid)?.toString()
    return id === undefined ? {} : { msgid: id }
  },
})
