import type { Json } from '../core/json.ts'
import { Problem } from '../core/problem.ts'
import type { AnyFunction } from '../function/define.ts'
import { invoke } from '../function/invoke.ts'
import type { OpenedRequest, PushAnswer, PushProtocol } from '../function/pushProtocol.ts'
import { type Reply, statusOf } from '../function/reply.ts'
import type { Runtime } from '../function/runtime.ts'
import type { WebRequest, WebResponse } from './http.ts'

const NO_STORE = { 'cache-control': 'no-store' }

/** Calls a function for a request of WeChat's. Whoever is refused gets a status and no body. */
export async function answerPush(
  fn: AnyFunction,
  protocol: PushProtocol,
  request: WebRequest,
  runtime: Runtime,
): Promise<WebResponse> {
  const { requestId, remainingMs } = request
  const opened = open(protocol, request, runtime)
  const [input, problem] = opened instanceof Problem ? [{}, opened] : [opened.input, undefined]
  const reply = await invoke(
    fn,
    {
      origin: { kind: 'push' },
      input: { value: input },
      requestId,
      ...(remainingMs !== undefined && { remainingMs }),
      ...(problem && { problem }),
    },
    runtime,
  )
  if (!reply.ok || opened instanceof Problem) return toRefusal(reply)

  const { contentType, body } = opened.respond(reply.data as PushAnswer)
  return { status: 200, headers: { ...NO_STORE, 'content-type': contentType }, body }
}

function open(protocol: PushProtocol, request: WebRequest, runtime: Runtime): OpenedRequest | Problem {
  try {
    return request.problem ?? protocol.readRequest(request, runtime)
  } catch (thrown) {
    return thrown instanceof Problem ? thrown : new Problem('INTERNAL')
  }
}

const toRefusal = (reply: Reply): WebResponse => ({
  status: statusOf(reply),
  headers: {
    ...NO_STORE,
    ...(!reply.ok && reply.error.code === 'METHOD_NOT_ALLOWED' && { allow: 'GET, POST' }),
  },
  body: '',
})

/** What CloudBase hands back to WeChat: the bare text or reply; a failure as any function answers it. */
export const toDeliveredAnswer = (reply: Reply): Reply | string | Json => {
  if (!reply.ok) return reply

  const answer = reply.data as PushAnswer
  return 'text' in answer ? answer.text : answer.reply
}
