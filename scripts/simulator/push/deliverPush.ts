import { deliverOverHttp } from './deliverOverHttp.ts'
import { toFunctionEvent } from './pushJson.ts'
import type { PushMessage } from './pushMessage.ts'
import { isPushReply, type PushReply } from './pushReply.ts'
import type { PushSender } from './pushRequest.ts'
import { type FunctionTarget, isHttpTarget, type PushTarget } from './pushTarget.ts'

export type PushAttempt = {
  /** The HTTP status; absent when no answer came, and in function mode. */
  readonly status?: number
  readonly body?: string
  /** Why the message does not count as acknowledged. */
  readonly failure?: string
}
export type DeliveredPush = PushAttempt & { readonly reply?: PushReply }

/** One try to deliver a message. Resolves with what the target answered, rejects when it did not answer. */
export const deliverPush = (
  target: PushTarget,
  message: PushMessage,
  sender: PushSender,
  signal: AbortSignal,
): Promise<DeliveredPush> =>
  isHttpTarget(target)
    ? deliverOverHttp(target, message, sender, signal)
    : deliverToFunction(target, message, sender)

async function deliverToFunction(
  target: FunctionTarget,
  message: PushMessage,
  { appId }: PushSender,
): Promise<DeliveredPush> {
  const answer = await target.deliver(toFunctionEvent(message, appId))
  if (answer === 'success') return { body: answer }

  const body = JSON.stringify(answer) ?? String(answer)
  return isPushReply(answer) ? { body, reply: answer } : { body, failure: 'the function did not acknowledge' }
}
