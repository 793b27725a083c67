/** What a client sends, before a gateway wraps it. */
export type GatewayRequest = {
  readonly method?: string
  /** As it stands in the URL. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** What a function answers it with, on every platform. */
export type GatewayResult = {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isBase64Encoded: boolean
}

const wrapBody = (body: string | Buffer) =>
  typeof body === 'string'
    ? { body, isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true }

/** HTTP API and Function URL. */
export const payload2 = (
  name: string,
  { method = 'POST', query = '', headers = {}, body = '' }: GatewayRequest,
) => ({
  version: '2.0',
  routeKey: `${method} /${name}`,
  rawPath: `/${name}`,
  rawQueryString: query,
  headers: lowerCased({ 'content-type': 'application/json', ...headers }),
  requestContext: {
    accountId: 'anonymous',
    apiId: 'api',
    http: { method, path: `/${name}`, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'test' },
    requestId: 'r1',
    stage: '$default',
    timeEpoch: 1_768_464_000_000,
  },
  ...wrapBody(body),
})

/** REST API: header names as they were sent, and null where there is no query or body. */
export const payload1 = (
  name: string,
  { method = 'POST', query = '', headers = {}, body = '' }: GatewayRequest,
) => ({
  resource: `/${name}`,
  path: `/${name}`,
  httpMethod: method,
  headers: { 'Content-Type': 'application/json', ...headers },
  multiValueHeaders: toMultiValues(Object.entries(headers)),
  queryStringParameters: query === '' ? null : Object.fromEntries(new URLSearchParams(query)),
  multiValueQueryStringParameters: query === '' ? null : toMultiValues(new URLSearchParams(query)),
  pathParameters: null,
  stageVariables: null,
  requestContext: {
    httpMethod: method,
    identity: { sourceIp: '203.0.113.7' },
    requestId: 'r1',
    stage: 'prod',
  },
  ...(body === '' ? { body: null, isBase64Encoded: false } : wrapBody(body)),
})

/** CloudBase's HTTP access service. */
export const accessRequest = ({ method = 'POST', query = '', headers = {}, body = '' }: GatewayRequest) => ({
  path: '/',
  httpMethod: method,
  headers: { 'content-type': 'application/json', ...headers },
  queryStringParameters: Object.fromEntries(new URLSearchParams(query)),
  requestContext: { requestId: 'r1', envId: 'env-1', appId: '1', uin: '1' },
  ...wrapBody(body),
})

/** What an EventBridge rule sends when no input is configured. */
export const scheduledEvent = {
  version: '0',
  id: 'e1',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '000000000000',
  time: '2026-11-20T00:00:00Z',
  region: 'us-east-1',
  resources: ['arn:aws:events:us-east-1:000000000000:rule/refresh'],
  detail: {},
}

const lowerCased = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** Each name once, with its values in order. */
function toMultiValues(entries: Iterable<readonly [string, string]>): Record<string, string[]> {
  const values: Record<string, string[]> = {}
  for (const [name, value] of entries) values[name] = [...(values[name] ?? []), value]
  return values
}
