import type { Json } from '../../core/json.ts'
import type { Origin } from '../../function/caller.ts'
import type { AnyFunction } from '../../function/define.ts'
import { invoke } from '../../function/invoke.ts'
import type { PushProtocol } from '../../function/pushProtocol.ts'
import type { Reply } from '../../function/reply.ts'
import type { Runtime } from '../../function/runtime.ts'
import {
  answerHttp,
  lowerCaseHeaders,
  readBody,
  toQuery,
  type WebRequest,
  type WebResponse,
} from '../http.ts'
import { createProcessRuntime } from '../processRuntime.ts'
import { toDeliveredAnswer } from '../push.ts'
import { createRequestId } from '../requestId.ts'
import { cloud } from './cloud.ts'
import { type CloudBaseContext, isClientCall, isOpenToStrangers, readOrigin } from './readContext.ts'

/** What CloudBase's HTTP access service makes of a result. */
type IntegratedResponse = {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isBase64Encoded: boolean
}

/** Of `callFunction`. What is larger never reaches a mini program. */
const MAX_RESULT_BYTES = 1024 * 1024

/** Fields that CloudBase adds to the caller's own. They say nothing that the context does not say better. */
const ADDED_FIELDS = ['userInfo', 'tcbContext']

/** A declared function as `exports.main`. */
export const toCloudBase =
  (fn: AnyFunction, runtimeOf: () => Runtime = createProcessRuntime(cloud)) =>
  async (
    event: unknown,
    given?: CloudBaseContext | null,
  ): Promise<Reply | IntegratedResponse | string | Json> => {
    const context = given ?? {}
    // The context is read before anything is awaited: an instance is reused for the next caller.
    const origin = readOrigin(context)
    const runtime = runtimeOf()
    const times = readTimes(context, runtime)

    if (origin.kind === 'nobody' && !isClientCall(context) && isHttpEvent(event)) {
      return toIntegratedResponse(await answerHttp(fn, { ...readRequest(event), ...times }, runtime))
    }
    if (fn.push && isDelivery(fn.push, origin, context, event)) {
      const value = fn.push.readEvent(withoutAddedFields(event))
      const { appId, fromAppId } = origin
      const pushed = { kind: 'push', ...(appId && { appId }), ...(fromAppId && { fromAppId }) } as const
      return toDeliveredAnswer(await invoke(fn, { origin: pushed, input: { value }, ...times }, runtime))
    }
    const value = origin.kind === 'timer' ? {} : withoutAddedFields(event)
    return invoke(fn, { origin, input: { value }, maxReplyBytes: MAX_RESULT_BYTES, ...times }, runtime)
  }

/**
 * Whether it is WeChat that delivers a message. What source the context names then is documented nowhere, so all
 * are taken but those that are known to be others: whoever strangers can be, another function, and a timer
 * unless a message came with it, which no timer brings and no stranger can forge.
 */
const isDelivery = (
  protocol: PushProtocol,
  origin: Origin,
  context: CloudBaseContext,
  event: unknown,
): boolean =>
  !isOpenToStrangers(context) &&
  (origin.kind === 'nobody' || (origin.kind === 'timer' && protocol.isMessage(event)))

type HttpEvent = {
  readonly httpMethod: string
  readonly requestContext: object
  readonly headers?: Readonly<Record<string, string>>
  readonly queryStringParameters?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly isBase64Encoded?: unknown
}

/** The shape counts only after the context has said that no user and no server is calling. */
const isHttpEvent = (event: unknown): event is HttpEvent =>
  isObject(event) && typeof event.httpMethod === 'string' && isObject(event.requestContext)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function readRequest({
  httpMethod,
  headers,
  queryStringParameters,
  body,
  isBase64Encoded,
}: HttpEvent): Omit<WebRequest, 'requestId'> {
  const text = typeof body === 'string' ? body : body ? JSON.stringify(body) : ''
  return {
    method: httpMethod,
    query: toQuery(queryStringParameters),
    headers: lowerCaseHeaders(headers),
    ...readBody(text, isBase64Encoded === true),
  }
}

function readTimes({ request_id, time_limit_in_ms }: CloudBaseContext, { random }: Runtime) {
  const limit = Number(time_limit_in_ms)
  // Some runtimes put seconds there. No function has a limit below a second, and none runs for a thousand.
  const remainingMs = limit > 0 ? (limit < 1000 ? limit * 1000 : limit) : undefined
  const requestId = typeof request_id === 'string' && request_id !== '' ? request_id : createRequestId(random)
  return { requestId, ...(remainingMs && { remainingMs }) }
}

function withoutAddedFields(event: unknown): unknown {
  if (!isObject(event) || Array.isArray(event)) return event

  return Object.fromEntries(Object.entries(event).filter(([name]) => !ADDED_FIELDS.includes(name)))
}

const toIntegratedResponse = ({ status, headers, body }: WebResponse): IntegratedResponse => ({
  statusCode: status,
  headers,
  body: typeof body === 'string' ? body : body.toString('base64'),
  isBase64Encoded: typeof body !== 'string',
})
