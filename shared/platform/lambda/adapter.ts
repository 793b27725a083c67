import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, APIGatewayProxyResult, Context } from 'aws-lambda'
import type { AnyFunction } from '../../function/define.ts'
import { invoke } from '../../function/invoke.ts'
import type { Reply } from '../../function/reply.ts'
import type { Runtime } from '../../function/runtime.ts'
import { answerHttp, lowerCaseHeaders, parseQuery, readBody, toQuery, type WebRequest } from '../http.ts'
import { createProcessRuntime } from '../processRuntime.ts'
import { createRequestId } from '../requestId.ts'

type LambdaContext = Partial<Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>>

/** HTTP API and Function URL (payload 2.0), or REST API (payload 1.0). */
type HttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2

/** A declared function as a Lambda handler. */
export const toLambda =
  (fn: AnyFunction, runtimeOf: () => Runtime = createProcessRuntime()) =>
  async (event: unknown, context: LambdaContext = {}): Promise<Reply | APIGatewayProxyResult> => {
    const runtime = runtimeOf()
    const times = readTimes(context, runtime)

    return isHttpEvent(event)
      ? toGatewayResult(await answerHttp(fn, { ...readRequest(event), ...times }, runtime))
      : invoke(fn, { ...readInvocation(fn, event), ...times }, runtime)
  }

function readTimes(context: LambdaContext, { random }: Runtime) {
  const remainingMs = context.getRemainingTimeInMillis?.()
  return {
    requestId: context.awsRequestId ?? createRequestId(random),
    ...(remainingMs !== undefined && { remainingMs }),
  }
}

/** API Gateway and Function URLs always add a request context; nobody else can take it away. */
const isHttpEvent = (event: unknown): event is HttpEvent =>
  typeof event === 'object' && event !== null && Object.hasOwn(event, 'requestContext')

/**
 * An invocation without a request context: only a principal that IAM allows can make one.
 *
 * What EventBridge sends is about the schedule and not an input.
 */
function readInvocation(fn: AnyFunction, event: unknown) {
  return fn.access.includes('timer')
    ? { origin: { kind: 'timer' } as const, input: { value: {} } }
    : { origin: { kind: 'server' } as const, input: { value: event } }
}

function readRequest(event: HttpEvent): Omit<WebRequest, 'requestId'> {
  const method = 'httpMethod' in event ? event.httpMethod : event.requestContext?.http?.method
  const headers = {
    ...lowerCaseHeaders(event.headers),
    ...lowerCaseHeaders('multiValueHeaders' in event ? event.multiValueHeaders : {}),
  }

  const query =
    'rawQueryString' in event
      ? parseQuery(event.rawQueryString)
      : toQuery(
          ('multiValueQueryStringParameters' in event && event.multiValueQueryStringParameters) ||
            event.queryStringParameters,
        )

  return {
    method: method ?? '',
    query,
    headers,
    ...readBody(String(event.body ?? ''), event.isBase64Encoded),
  }
}

const toGatewayResult = ({
  status,
  headers,
  body,
}: Awaited<ReturnType<typeof answerHttp>>): APIGatewayProxyResult => ({
  statusCode: status,
  headers,
  body: typeof body === 'string' ? body : body.toString('base64'),
  isBase64Encoded: typeof body !== 'string',
})
