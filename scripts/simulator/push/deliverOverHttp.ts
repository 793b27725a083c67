import type { DeliveredPush } from './deliverPush.ts'
import type { PushMessage } from './pushMessage.ts'
import { readPushReply } from './pushReply.ts'
import { type PushSender, toPushRequest, toVerification } from './pushRequest.ts'
import type { HttpTarget } from './pushTarget.ts'
import { reasonOf } from './reasonOf.ts'

/** Posts a message once. Resolves with the answer, whether it acknowledges the message or not. */
export async function deliverOverHttp(
  target: HttpTarget,
  message: PushMessage,
  sender: PushSender,
  signal: AbortSignal,
): Promise<DeliveredPush> {
  const { url, contentType, body } = toPushRequest(target, message, sender)
  const answer = await ask(url, { method: 'POST', body, headers: { 'content-type': contentType }, signal })
  if (answer.status !== 200) return { ...answer, failure: `HTTP status ${answer.status}` }

  try {
    const reply = readPushReply(answer.body, target, sender.appId)
    return { ...answer, ...(reply && { reply }) }
  } catch (error) {
    return { ...answer, failure: reasonOf(error) }
  }
}

export type UrlVerification = {
  readonly status: number
  readonly body: string
  /** Whether the URL answered the `echostr` and nothing else. */
  readonly isVerified: boolean
}

/** Asks a URL for the text that proves it to be the developer's own. */
export async function verifyUrl(
  target: HttpTarget,
  { nowMs }: PushSender,
  signal: AbortSignal,
): Promise<UrlVerification> {
  const { url, echostr } = toVerification(target, nowMs())
  const answer = await ask(url, { signal })
  return { ...answer, isVerified: answer.status === 200 && answer.body === echostr }
}

async function ask(url: URL, init: RequestInit): Promise<{ status: number; body: string }> {
  // On a kept connection, the receiver's closing it meanwhile would look like a refusal.
  const headers = { ...init.headers, connection: 'close' }
  const response = await fetch(url, { ...init, headers, redirect: 'manual' })
  return { status: response.status, body: await response.text() }
}
