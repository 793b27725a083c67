import { isJsonObject } from '../../shared/core/json.ts'
import { Problem } from '../../shared/core/problem.ts'
import type { OpenedRequest, PushAnswer, PushProtocol } from '../../shared/function/pushProtocol.ts'
import { openPush } from '../../shared/push/openPush.ts'
import { verifyUrl } from '../../shared/push/verifyUrl.ts'
import type { Input } from './input.ts'

const TEXT = 'text/plain; charset=utf-8'

/**
 * Message push as WeChat speaks it: `GET` to verify the URL, `POST` for messages, and on CloudBase the bare
 * message as an event.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export const wechatPush: PushProtocol = {
  readRequest({ method, query, body }, { config, clock, random }): OpenedRequest {
    if (method === 'GET') return opened({ echostr: verifyUrl(query, config, clock.nowMs()) })
    if (method !== 'POST') throw new Problem('METHOD_NOT_ALLOWED')

    const { format, text, seal } = openPush({ query, body }, config, clock.nowMs())
    return opened({ message: { format, text } }, (reply) => seal(reply, clock.nowMs(), random))
  },

  readEvent: (event): Input => ({
    message: { format: 'json', text: JSON.stringify(event, withoutRounded) ?? '' },
  }),

  isMessage: (event) =>
    isJsonObject(event) && typeof event.MsgType === 'string' && typeof event.FromUserName === 'string',
}

/** An id that came as a number and was rounded on the way: another could look the same. */
const withoutRounded = (_: string, value: unknown): unknown =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : value

type Sealed = ReturnType<OpenedRequest['respond']>
type Reply = Extract<PushAnswer, { reply: unknown }>['reply']

const opened = (input: Input, seal?: (reply: Reply) => Sealed): OpenedRequest => ({
  input,
  respond(answer) {
    if ('text' in answer || !seal) return { contentType: TEXT, body: 'text' in answer ? answer.text : '' }
    return seal(answer.reply)
  },
})
