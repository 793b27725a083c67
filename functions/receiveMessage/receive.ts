import { sha256Base64Url } from '../../shared/core/digest.ts'
import { isJsonObject, type Json } from '../../shared/core/json.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { withinDeadline } from '../../shared/core/withinDeadline.ts'
import { type Context, defineFunction, type Endpoints } from '../../shared/function/define.ts'
import type { PushAnswer } from '../../shared/function/pushProtocol.ts'
import { type IncomingMessage, toIncomingMessage } from '../../shared/push/messages.ts'
import { passiveReply, transferToCustomerService } from '../../shared/push/passiveReply.ts'
import { writePushText } from '../../shared/push/pushText.ts'
import { type PushMessage, pushIdOf, readPushMessage } from '../../shared/push/readPushMessage.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { handleOnce, keepMessage, type RawMessage } from '../../shared/state/pushes.ts'
import { type Applied, applyOwn } from './applyOwn.ts'
import { input } from './input.ts'
import type { HandlerTools, MessageHandler, MessageHandlers } from './messageHandlers.ts'
import { wechatPush } from './wechatPush.ts'

/** WeChat takes it as "received", and wants to hear nothing else. */
const SUCCESS: PushAnswer = { text: 'success' }

/**
 * WeChat waits for five seconds; the rest is for the answer to be written down and sent. A call of WeChat's own APIs
 * gives up a little earlier, so that a handler hears of it.
 */
const MAX_HANDLER_MS = 4400
/** The answer is to be out within a second of a fast handler, however slow the store is. */
const ANSWER_WITHIN_MS = 900
/** How long the outcome of what a handler does once is known. */
const KEEP_EFFECT_MS = 7 * 86_400_000

/** `receiveMessage` with a project's handlers, and the endpoints that they may call. */
export const receiveMessageWith = <U extends Endpoints>(handlers: MessageHandlers<U>, uses: U) =>
  defineFunction({
    name: 'receiveMessage',
    access: ['push'],
    push: wechatPush,
    input,
    uses,
    timeoutSeconds: 5,

    async handle(context, { echostr, message }): Promise<PushAnswer> {
      if (echostr !== undefined) return { text: echostr }
      if (!message) throw invalidArgument('message', 'is missing')

      const reply = await receive(context, handlers, message)
      return reply ? { reply } : SUCCESS
    },
  })

type PushContext<U extends Endpoints> = Context<'push', U>

async function receive<U extends Endpoints>(
  context: PushContext<U>,
  handlers: MessageHandlers<U>,
  raw: RawMessage,
): Promise<Json | undefined> {
  const message = readPushMessage(raw.format, raw.text)
  if (!message) {
    const id = sha256Base64Url(raw.text)
    context.note({ push: id })
    if (await keepMessage(context, id, raw)) context.warn('a message that makes no sense was kept')
    return undefined
  }
  const incoming = toIncomingMessage(message)
  const id = pushIdOf(message)
  context.note({ push: id, kind: incoming.kind })
  const applied = applyOwn(context, message)
  const handler = handlers[incoming.kind] as MessageHandler<IncomingMessage, U> | undefined
  if (handler && (applied || !isOfOthers(incoming))) {
    return handleBeside(applied, runHandler(context, handler, { id, message, incoming, raw, applied }))
  }

  if (applied) await applied.done
  else if ((await keepMessage(context, id, raw)) && incoming.kind === 'other')
    context.warn('an unknown event was kept')
  return undefined
}

/** Both are heard to the end: what one of them did counts, though WeChat repeats the message for the other. */
async function handleBeside(
  applied: Applied | undefined,
  handled: Promise<Json | undefined>,
): Promise<Json | undefined> {
  await Promise.allSettled([applied?.done, handled])
  await applied?.done
  return handled
}

/** A verdict that is not applied is about media of another mini program. */
const isOfOthers = ({ kind }: IncomingMessage): boolean => kind === 'wxa_media_check'

type Received = {
  readonly id: string
  readonly message: PushMessage
  readonly incoming: IncomingMessage
  readonly raw: RawMessage
  readonly applied: Applied | undefined
}

function runHandler<U extends Endpoints>(
  context: PushContext<U>,
  handler: MessageHandler<IncomingMessage, U>,
  { id, message, incoming, raw, applied }: Received,
): Promise<Json | undefined> {
  const { clock, records, warn } = context
  const nowMs = clock.nowMs()
  const deadlineAtMs = Math.min(context.deadlineAtMs, nowMs + MAX_HANDLER_MS)
  const late = () => new Problem('INTERNAL', { detail: 'the handler took too long' })
  const tools: HandlerTools<U> = {
    wechat: context.wechat,
    deadlineAtMs,
    clock,
    warn,
    once: (name, effect) => doOnce(context, `${id}:${name}`, deadlineAtMs, effect),
    passiveReply: (fields) => passiveReply(message, fields, clock.nowMs()),
    transferToCustomerService: () => transferToCustomerService(message, clock.nowMs()),
  }
  return handleOnce(
    { records, clock },
    {
      id,
      raw,
      deadlineAtMs,
      answerByMs: nowMs + ANSWER_WITHIN_MS,
      async handle() {
        if (applied && !(await applied.isToGoBy())) return undefined

        const reply = await withinDeadline(handler(incoming, tools), clock, deadlineAtMs, late)
        // One that cannot be written is no reply, and better found out while there are tries left.
        if (reply) requireWritable(raw.format, reply)
        return reply
      },
      onQuarantine: (tries) => warn('a message was set aside: its handler failed', { tries }),
    },
  )
}

function requireWritable(format: RawMessage['format'], reply: Json): void {
  if (!isJsonObject(reply)) throw new Problem('INTERNAL', { detail: 'a reply must be an object' })

  writePushText(format, reply)
}

async function doOnce<T>(
  { records, clock, requestId }: Context,
  id: string,
  deadlineAtMs: number,
  effect: () => Promise<T>,
): Promise<T> {
  const options = { payload: id, requestId, deadlineAtMs, keepMs: KEEP_EFFECT_MS, mayBeRetried: false }
  const { answer } = await runOnce(
    { records, clock },
    { id: `receiveMessage:${id}`, ...options },
    // JSON has no `undefined` to be kept.
    async () => (await effect()) ?? (null as T),
  )
  return answer
}
