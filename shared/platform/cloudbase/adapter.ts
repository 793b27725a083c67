import type { AnyFunction } from '../../function/define.ts'
import { invoke } from '../../function/invoke.ts'
import type { Reply } from '../../function/reply.ts'
import type { Runtime } from '../../function/runtime.ts'
import { answerHttp, lowerCaseHeaders, readBody, type WebRequest, type WebResponse } from '../http.ts'
import { createProcessRuntime } from '../processRuntime.ts'
import { createRequestId } from '../requestId.ts'
import { cloud } from './cloud.ts'
import { type CloudBaseContext, isClientCall, readOrigin } from './readContext.ts'

/** What CloudBase's HTTP access service makes of a result. */
type IntegratedResponse = {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isBase64Encoded: boolean
}

/** Fields that CloudBase adds to the caller's own. They say nothing that the context does not say better. */
const ADDED_FIELDS = ['userInfo', 'tcbContext']

/** A declared function as `exports.main`. */
export const toCloudBase =
  (fn: AnyFunction, runtimeOf: () => Runtime = createProcessRuntime(cloud)) =>
  async (event: unknown, given?: CloudBaseContext | null): Promise<Reply | IntegratedResponse> => {
    const context = given ?? {}
    // The context is read before anything is awaited: an instance is reused for the next caller.
    const origin = readOrigin(context)
    const runtime = runtimeOf()
    const times = readTimes(context, runtime)

    if (origin.kind === 'nobody' && !isClientCall(context) && isHttpEvent(event)) {
      return toIntegratedResponse(await answerHttp(fn, { ...readRequest(event), ...times }, runtime))
    }
    const value = origin.kind === 'timer' ? {} : withoutAddedFields(event)
    return invoke(fn, { origin, input: { value }, ...times }, runtime)
  }

type HttpEvent = {
  readonly httpMethod: string
  readonly requestContext: object
  readonly headers?: Readonly<Record<string, string>>
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
  body,
  isBase64Encoded,
}: HttpEvent): Omit<WebRequest, 'requestId'> {
  const text = typeof body === 'string' ? body : body ? JSON.stringify(body) : ''
  return {
    method: httpMethod,
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
