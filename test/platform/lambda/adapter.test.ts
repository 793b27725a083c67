import { describe, expect, test } from 'vitest'
import { toLambda } from '../../../shared/platform/lambda/adapter.ts'
import { IMAGE, imageProbe } from '../../support/imageProbe.ts'
import { probe } from '../../support/probe.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { createWorld, SERVER_KEY } from '../../support/world.ts'

const BODY = '{"text":"x"}'
const KEY = `Bearer ${SERVER_KEY}`

/** An HTTP API's or a Function URL's event. */
const payload2 = (more: object = {}) => ({
  version: '2.0',
  routeKey: 'POST /probe',
  rawPath: '/probe',
  headers: {},
  requestContext: { http: { method: 'POST', path: '/probe' }, requestId: 'r1' },
  body: BODY,
  isBase64Encoded: false,
  ...more,
})

/** A REST API's event. */
const payload1 = (more: object = {}) => ({
  resource: '/probe',
  path: '/probe',
  httpMethod: 'POST',
  headers: {},
  multiValueHeaders: {},
  requestContext: { requestId: 'r1' },
  body: BODY,
  isBase64Encoded: false,
  ...more,
})

const PAYLOADS: [string, typeof payload2][] = [
  ['2.0', payload2],
  ['1.0', payload1 as unknown as typeof payload2],
]

describe.each(PAYLOADS)('an HTTP event of payload %s', (_, event) => {
  test('is answered as API Gateway wants it', async () => {
    const { runtime } = await createWorld()

    expect(await toLambda(probe(), () => runtime)(event())).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      body: '{"ok":true,"data":{"caller":{"kind":"anonymous"}}}',
      isBase64Encoded: false,
    })
  })

  test('gives an image in base64', async () => {
    const { runtime } = await createWorld()
    const handler = toLambda(imageProbe, () => runtime)

    expect(await handler(event({ body: null, headers: { accept: 'image/*' } }))).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'image/png' },
      body: IMAGE.toString('base64'),
      isBase64Encoded: true,
    })
  })

  test.each([
    ['as text', { body: BODY }, 200],
    ['in base64', { body: Buffer.from(BODY).toString('base64'), isBase64Encoded: true }, 200],
    ['in what claims to be base64', { body: '!!!', isBase64Encoded: true }, 400],
    ['not at all', { body: undefined }, 200],
    ['as null', { body: null }, 200],
    ['as no JSON', { body: 'text=x' }, 400],
    ['as something that is no text', { body: { text: 'x' } }, 400],
  ])('brings its body %s', async (_name, more, statusCode) => {
    const { runtime } = await createWorld()

    expect(await toLambda(probe(), () => runtime)(event(more))).toMatchObject({ statusCode })
  })

  test('names its headers in any case', async () => {
    const { runtime } = await createWorld()
    const handler = toLambda(probe(), () => runtime)

    for (const name of ['authorization', 'Authorization', 'AUTHORIZATION'])
      expect(await handler(event({ headers: { [name]: KEY } }))).toMatchObject({
        body: expect.stringContaining('"server"'),
      })
  })

  test('may come without headers', async () => {
    const { runtime } = await createWorld()

    for (const headers of [null, undefined])
      expect(await toLambda(probe(), () => runtime)(event({ headers }))).toMatchObject({ statusCode: 200 })
  })

  test('is never a direct invocation, whatever it lacks', async () => {
    const { runtime } = await createWorld()
    const handler = toLambda(probe({ access: ['server', 'timer'] }), () => runtime)

    for (const requestContext of [null, undefined, {}, 'x', { http: null }])
      expect(await handler(event({ requestContext }))).toMatchObject({ statusCode: expect.any(Number) })
  })
})

test('a REST API may give headers as lists only', async () => {
  const { runtime } = await createWorld()
  const event = payload1({ headers: null, multiValueHeaders: { Authorization: [KEY] } })

  expect(await toLambda(probe(), () => runtime)(event)).toMatchObject({
    body: expect.stringContaining('"server"'),
  })
})

test.each([
  ['GET', payload2({ requestContext: { http: { method: 'GET' } } })],
  ['GET', payload1({ httpMethod: 'GET' })],
  ['no method', payload2({ requestContext: {} })],
])('an HTTP event other than POST is refused: %s', async (_, event) => {
  const { runtime } = await createWorld()

  expect(await toLambda(probe(), () => runtime)(event)).toMatchObject({
    statusCode: 405,
    headers: { allow: 'POST' },
  })
})

describe('a direct invocation', () => {
  test("is the server's, with the event for its input", async () => {
    const { runtime } = await createWorld()
    const handler = toLambda(probe({ access: ['server', 'user'] }), () => runtime)

    expect(await handler({ text: 'x' })).toEqual({ ok: true, data: { caller: { kind: 'server' } } })
    expect(await handler({ unknown: 1 })).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'unknown' },
    })
  })

  test.each([[undefined], [null], ['text'], [[]]])(
    'with %j for an event is INVALID_ARGUMENT',
    async (event) => {
      const { runtime } = await createWorld()

      expect(await toLambda(probe({ access: ['server'] }), () => runtime)(event)).toMatchObject({
        error: { code: 'INVALID_ARGUMENT' },
      })
    },
  )

  test.each([
    [
      'EventBridge rule',
      { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} },
    ],
    ['schedule with an input of its own', { job: 'refresh-tokens' }],
    ['schedule with an input that looks like ours', { text: 7 }],
    ['schedule with no input', undefined],
  ])('of a function with a timer is that timer, and its event no input: %s', async (_, event) => {
    const { runtime } = await createWorld()

    expect(await toLambda(probe(), () => runtime)(event)).toEqual({
      ok: true,
      data: { caller: { kind: 'timer' } },
    })
  })
})

test("the runtime's context gives the request id and the time that is left", async () => {
  const { runtime } = await createWorld()
  const echo = probe<object>({
    handle: async ({ requestId, deadlineAtMs }) => ({ requestId, leftMs: deadlineAtMs - NOW_MS }),
  })
  const handler = toLambda(echo, () => runtime)

  expect(await handler({}, { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => 3000 })).toMatchObject({
    data: { requestId: 'aws-1', leftMs: 2500 },
  })
  expect(await handler({}, {})).toMatchObject({
    data: { requestId: expect.stringMatching(/^[0-9a-f]{32}$/), leftMs: 9500 },
  })
})
