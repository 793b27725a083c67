import { describe, expect, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import { toCloudBase } from '../../shared/platform/cloudbase/adapter.ts'
import type { CloudBaseContext } from '../../shared/platform/cloudbase/readContext.ts'
import { answerHttp, parseQuery, type WebRequest } from '../../shared/platform/http.ts'
import { toLambda } from '../../shared/platform/lambda/adapter.ts'
import { withEnviron, withEnvironment } from '../support/cloudBaseContext.ts'
import { pushProbe } from '../support/pushProbe.ts'
import { APP_ID, createWorld } from '../support/world.ts'

const OK: WebRequest['query'] = [['ok', '1']]
const MESSAGE = { MsgType: 'event', Event: 'debug_demo' }

async function ask(request: Partial<WebRequest>, answer?: Parameters<typeof pushProbe>[0]) {
  const world = await createWorld()
  const response = await answerHttp(
    pushProbe(answer),
    { method: 'POST', query: OK, headers: {}, body: Buffer.alloc(0), requestId: 'r1', ...request },
    world.runtime,
  )
  return { ...response, logLines: world.logLines }
}

const failing = (problem: Problem) => () => {
  throw problem
}

describe('a push over HTTP', () => {
  test('is read and answered as its protocol says', async () => {
    const { status, headers, body } = await ask({ body: Buffer.from('<xml/>') })

    expect([status, headers]).toEqual([200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }])
    const seen = { method: 'POST', query: OK, body: '<xml/>' }
    expect(JSON.parse(String(body))).toEqual({ reply: { caller: 'push', seen } })
  })

  test.each([
    ['that is not WeChat’s', { query: [] }, 401],
    ['by another method', { method: 'PUT' }, 405],
    ['whose body is not what it claims to be', { problem: new Problem('INVALID_ARGUMENT') }, 400],
  ])('%s is refused with a status and no body', async (_, request, refused) => {
    const { status, headers, body } = await ask(request)

    expect([status, body]).toEqual([refused, ''])
    expect(headers).toEqual({ 'cache-control': 'no-store', ...(refused === 405 && { allow: 'GET, POST' }) })
  })

  test.each([
    ['STATE_UNAVAILABLE', 503],
    ['IN_PROGRESS', 409],
    ['INTERNAL', 500],
  ] as const)(
    'that fails with %s has status %i and no body, so that WeChat repeats it',
    async (code, failed) => {
      const { status, body } = await ask({}, failing(new Problem(code)))

      expect([status, body]).toEqual([failed, ''])
    },
  )

  test('that is refused leaves a line in the log with the code', async () => {
    const { logLines } = await ask({ query: [] })

    expect(logLines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', function: 'pushProbe', code: 'UNAUTHENTICATED', caller: 'refused' },
    ])
  })
})

test.each([
  [
    'a=1&b=2',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  [
    'a=1&a=2',
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  [
    'a=%E4%BD%A0%2B&b=x+y',
    [
      ['a', '你+'],
      ['b', 'x+y'],
    ],
  ],
  [
    'a=b=c&d&=e',
    [
      ['a', 'b=c'],
      ['d', ''],
      ['', 'e'],
    ],
  ],
  ['a=%E4%', [['a', '%E4%']]],
  ['', []],
])('the query %j is read as it stands', (text, query) => {
  expect(parseQuery(text)).toEqual(query)
})

describe('the query arrives as it stands in the URL', () => {
  const query = [
    ['ok', '1'],
    ['nonce', 'a+b'],
    ['nonce', 'c'],
  ]
  const seen = async (event: object) => {
    const { runtime } = await createWorld()
    const answer = await toLambda(pushProbe(), () => runtime)(event)
    return JSON.parse((answer as { body: string }).body).reply.seen.query
  }
  const http = { requestContext: { http: { method: 'POST' } }, version: '2.0' }

  test('with API Gateway’s payload 2.0', async () => {
    expect(await seen({ ...http, rawQueryString: 'ok=1&nonce=a%2Bb&nonce=c' })).toEqual(query)
  })

  test('with payload 1.0', async () => {
    const multiValueQueryStringParameters = { ok: ['1'], nonce: ['a+b', 'c'] }
    const queryStringParameters = { ok: '1', nonce: 'c' }
    const event = { requestContext: {}, httpMethod: 'POST', queryStringParameters }

    expect(await seen({ ...event, multiValueQueryStringParameters })).toEqual(query)
    expect(await seen({ ...event, multiValueQueryStringParameters: null })).toEqual([
      ['ok', '1'],
      ['nonce', 'c'],
    ])
  })

  test('with CloudBase’s HTTP access', async () => {
    const { runtime } = await createWorld()
    const queryStringParameters = { ok: '1', nonce: ['a+b', 'c'] }
    const event = { httpMethod: 'GET', requestContext: { requestId: 'r1' }, queryStringParameters }

    const answer = await toCloudBase(pushProbe(), () => runtime)(
      event,
      withEnvironment({ TCB_SOURCE: 'wx_http' }),
    )

    expect(JSON.parse((answer as { body: string }).body).reply.seen).toEqual({
      method: 'GET',
      query,
      body: '',
    })
  })
})

describe('on CloudBase', () => {
  const deliver = async (event: unknown, context?: CloudBaseContext) => {
    const { runtime } = await createWorld()
    return toCloudBase(pushProbe(), () => runtime)(event, context)
  }
  const heard = { caller: 'push', seen: MESSAGE }
  const SENDER = { WX_OPENID: 'o-sender', WX_APPID: APP_ID }

  test.each<[string, CloudBaseContext | undefined]>([
    ['without a source', withEnvironment({})],
    ['with the sender’s openid', withEnvironment(SENDER)],
    ['in the older form', withEnviron({ ...SENDER, TCB_SOURCE: 'wx_push' })],
    ['from a source that nobody documents', withEnvironment({ ...SENDER, TCB_SOURCE: 'wx_unknown' })],
    ['from the source of timers', withEnvironment({ TCB_SOURCE: 'wx_trigger' })],
    ['without any context', undefined],
  ])('a message that is delivered %s is heard, and the bare reply goes back', async (_, context) => {
    expect(await deliver({ ...MESSAGE, userInfo: { appId: APP_ID } }, context)).toEqual(heard)
  })

  test('the text of an answer goes back bare', async () => {
    const { runtime } = await createWorld()
    const fn = pushProbe(() => ({ text: 'success' }))

    expect(await toCloudBase(fn, () => runtime)(MESSAGE, withEnvironment({}))).toBe('success')
  })

  test.each<[string, string, CloudBaseContext]>([
    ['a mini program', 'FORBIDDEN', withEnvironment({ ...SENDER, TCB_SOURCE: 'wx_client' })],
    ['the developer tools', 'FORBIDDEN', withEnviron({ ...SENDER, TCB_SOURCE: 'wx_devtools' })],
    ['a client without an identity', 'UNAUTHENTICATED', withEnvironment({ TCB_SOURCE: 'wx_client' })],
    [
      'a client through another function',
      'FORBIDDEN',
      withEnvironment({ ...SENDER, TCB_SOURCE: 'wx_client,scf' }),
    ],
    ['another function', 'FORBIDDEN', withEnvironment({ TCB_SOURCE: 'scf' })],
    ['another mini program', 'FORBIDDEN', withEnvironment({ WX_APPID: 'wx0000000000000000' })],
    [
      'a shared environment',
      'FORBIDDEN',
      withEnvironment({ ...SENDER, WX_FROM_APPID: 'wx0000000000000000' }),
    ],
    [
      'a client whose context is at odds with itself',
      'UNAUTHENTICATED',
      { ...withEnvironment({ TCB_SOURCE: 'wx_push' }), ...withEnviron({ TCB_SOURCE: 'wx_client' }) },
    ],
    [
      'a client whose context cannot be read',
      'UNAUTHENTICATED',
      { environment: '{"TCB_SOURCE":"wx_client"' },
    ],
    ['HTTP access that is no HTTP event', 'UNAUTHENTICATED', withEnvironment({ TCB_SOURCE: 'wx_http' })],
    ['a request to CloudBase Run', 'UNAUTHENTICATED', { httpContext: { url: '/', httpMethod: 'POST' } }],
    ['a user of CloudBase’s web SDK', 'UNAUTHENTICATED', withEnvironment({ TCB_UUID: 'u1' })],
    ['an anonymous one', 'UNAUTHENTICATED', withEnviron({ TCB_ISANONYMOUS_USER: 'true' })],
    ['somebody whom an unreadable context may speak of', 'UNAUTHENTICATED', { environment: '{bad' }],
    ['somebody in a context of another type', 'UNAUTHENTICATED', { environment: '[]' }],
    ['somebody in a context without texts', 'UNAUTHENTICATED', { environment: '{"TCB_SOURCE":{"a":1}}' }],
    ['somebody in an older context that is none', 'UNAUTHENTICATED', { environ: 'garbage' }],
    [
      'another mini program by its other name',
      'FORBIDDEN',
      withEnvironment({ FROM_APPID: 'wx0000000000000000' }),
    ],
    [
      'a client whose context is no text',
      'FORBIDDEN',
      { environment: { ...SENDER, TCB_SOURCE: 'wx_client' } },
    ],
  ])('the same message from %s is refused with %s', async (_, code, context) => {
    expect(await deliver(MESSAGE, context)).toMatchObject({ ok: false, error: { code } })
  })

  test('a timer, which brings no message, is refused', async () => {
    const timer = { Type: 'Timer', TriggerName: 'refresh', Time: '2026-11-20T00:00:00Z', Message: '' }

    expect(await deliver(timer, withEnvironment({ TRIGGER_SRC: 'timer' }))).toMatchObject({
      error: { code: 'FORBIDDEN' },
    })
  })

  test('what fails is told as a failure', async () => {
    const { runtime } = await createWorld()
    const fn = pushProbe(failing(new Problem('STATE_UNAVAILABLE')))

    expect(await toCloudBase(fn, () => runtime)(MESSAGE, withEnvironment({}))).toMatchObject({
      ok: false,
      error: { code: 'STATE_UNAVAILABLE' },
    })
  })
})

describe('on Lambda', () => {
  test('an invocation without an HTTP request is no push, whatever it says', async () => {
    const { runtime } = await createWorld()

    expect(await toLambda(pushProbe(), () => runtime)(MESSAGE)).toMatchObject({
      ok: false,
      error: { code: 'FORBIDDEN' },
    })
  })
})
