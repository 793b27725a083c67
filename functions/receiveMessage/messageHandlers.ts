import type { Json } from '../../shared/core/json.ts'
import type { Context, Endpoints } from '../../shared/function/define.ts'
import type { IncomingMessage } from '../../shared/push/messages.ts'

/** What a handler has at hand. */
export type HandlerTools<U extends Endpoints> = Pick<
  Context<'push', U>,
  'wechat' | 'deadlineAtMs' | 'clock' | 'warn'
> & {
  /**
   * Does something at most once for this message, however often its handler runs, and returns what it came to
   * the first time: a JSON value, or nothing.
   *
   * @param name tells apart what one handler does
   * @throws Problem `OUTCOME_UNKNOWN` when an earlier try was cut off in the middle of it, or threw anything but what
   * WeChat had refused: it may have been done by halves, and is not done again. What WeChat refused is thrown again
   */
  once<T>(name: string, effect: () => Promise<T>): Promise<T>
  /** A reply in the response to the push itself, such as `{ MsgType: 'text', Content: '…' }`. */
  passiveReply(fields: Json): Json
  /**
   * Hands the conversation to the people who answer in WeChat's customer service tool. For messages of users, not
   * for events.
   */
  transferToCustomerService(): Json
}

/** Reacts to a message. Returns a reply, or nothing. */
export type MessageHandler<M, U extends Endpoints> = (
  message: M,
  tools: HandlerTools<U>,
) => Promise<Json | undefined>

/** A handler by kind of message; `other` for what has no kind of its own here. */
export type MessageHandlers<U extends Endpoints = Endpoints> = {
  readonly [K in IncomingMessage['kind']]?: MessageHandler<Extract<IncomingMessage, { kind: K }>, U>
}
