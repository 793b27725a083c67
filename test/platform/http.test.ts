import { describe, expect, test } from 'vitest'
import { PROBLEMS, Problem, type ProblemCode } from '../../shared/core/problem.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import { answerHttp, lowerCaseHeaders, type WebRequest } from '../../shared/platform/http.ts'
import { IMAGE, imageProbe } from '../support/imageProbe.ts'
import { probe } from '../support/probe.ts'
import { createWorld, SERVER_KEY } from '../support/world.ts'

/** The contract's table. */
const STATUS: Record<ProblemCode, number> = {
  INVALID_ARGUMENT: 400,
  PAYLOAD_TOO_LARGE: 413,
  UNAUTHENTICATED: 401,
  SESSION_EXPIRED: 401,
  FORBIDDEN: 403,
  RISK_BLOCKED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CODE_INVALID: 400,
  CODE_USED: 400,
  CODE_OUTCOME_UNKNOWN: 504,
  DECRYPT_FAILED: 400,
  OPEN_DATA_STALE: 400,
  OPEN_DATA_UNTRUSTED: 403,
  BIOMETRIC_FAILED: 403,
  TEMPLATE_DATA_INVALID: 400,
  PAGE_INVALID: 400,
  SCENE_INVALID: 400,
  USER_REFUSED: 409,
  USER_NOT_RECENT: 409,
  MEDIA_UNSUPPORTED: 400,
  MEDIA_CORRUPT: 400,
  MEDIA_TOO_LARGE: 400,
  MEDIA_DIMENSIONS: 400,
  MEDIA_URL_FORBIDDEN: 400,
  IN_PROGRESS: 409,
  IDEMPOTENCY_MISMATCH: 422,
  OUTCOME_UNKNOWN: 504,
  QUOTA_EXCEEDED: 429,
  RATE_LIMITED: 429,
  UPSTREAM_REJECTED: 502,
  UPSTREAM_BAD_RESPONSE: 502,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_TIMEOUT: 504,
  STATE_UNAVAILABLE: 503,
  CONFIG_ERROR: 500,
  INTERNAL: 500,
}

const RETRYABLE: ProblemCode[] = [
  'IN_PROGRESS',
  'RATE_LIMITED',
  'UPSTREAM_BAD_RESPONSE',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'STATE_UNAVAILABLE',
]

const JSON_TYPE = 'application/json; charset=utf-8'

async function ask(fn: AnyFunction, request: Partial<WebRequest> = {}) {
  const world = await createWorld()
  const { status, headers, body } = await answerHttp(
    fn,
    { method: 'POST', query: [], headers: {}, body: Buffer.alloc(0), requestId: 'r1', ...request },
    world.runtime,
  )
  return { status, headers, body, json: typeof body === 'string' ? JSON.parse(body) : undefined }
}

const failing = (problem: Problem) =>
  probe<object>({
    handle: async () => {
      throw problem
    },
  })

describe('a reply over HTTP', () => {
  test('is the same JSON as everywhere, never to be cached', async () => {
    const reply = await ask(probe())

    expect(reply).toMatchObject({ status: 200, json: { ok: true, data: { caller: { kind: 'anonymous' } } } })
    expect(reply.headers).toEqual({ 'content-type': JSON_TYPE, 'cache-control': 'no-store' })
  })

  test.each(Object.entries(STATUS) as [ProblemCode, number][])(
    'with %s has the status %d',
    async (code, status) => {
      const reply = await ask(failing(new Problem(code)))

      expect(reply).toMatchObject({
        status,
        json: { ok: false, error: { code, retryable: RETRYABLE.includes(code), requestId: 'r1' } },
      })
      expect(reply.headers).toMatchObject({ 'content-type': JSON_TYPE, 'cache-control': 'no-store' })
    },
  )

  test('knows no other code than those of the contract', () => {
    expect(Object.keys(PROBLEMS).sort()).toEqual(Object.keys(STATUS).sort())
  })

  test.each([
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [60_000, '60'],
    [0, '0'],
  ])('says after how many whole seconds to come back: %d ms', async (retryAfterMs, seconds) => {
    const { headers, json } = await ask(failing(new Problem('RATE_LIMITED', { retryAfterMs })))

    expect(headers['retry-after']).toBe(seconds)
    expect(json.error.retryAfterMs).toBe(retryAfterMs)
  })

  test('asks for a token where one is missing', async () => {
    const { headers } = await ask(probe({ access: ['user'] }))

    expect(headers['www-authenticate']).toBe('Bearer')
  })
})

describe('a request over HTTP', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'post', ''])(
    'is a POST and never a %j',
    async (method) => {
      const reply = await ask(probe(), { method, body: Buffer.from('not even JSON') })

      expect(reply).toMatchObject({ status: 405, json: { error: { code: 'METHOD_NOT_ALLOWED' } } })
      expect(reply.headers.allow).toBe('POST')
    },
  )

  test.each([
    ['an empty body', '', 200],
    ['an object', '{"text":"x"}', 200],
    ['an unknown field', '{"openid":"x"}', 400],
    ['the userInfo that only CloudBase adds', '{"userInfo":{"openId":"x"}}', 400],
    ['a list', '[]', 400],
    ['no JSON', 'text=x', 400],
    ['too much', ' '.repeat(1024 * 1024 + 1), 413],
  ])('is read as JSON: %s', async (_, body, status) => {
    expect((await ask(probe(), { body: Buffer.from(body) })).status).toBe(status)
  })

  test.each([
    [`Bearer ${SERVER_KEY}`, 'server'],
    [`bearer ${SERVER_KEY}`, 'server'],
    [`  Bearer   ${SERVER_KEY}  `, 'server'],
    [`Basic ${SERVER_KEY}`, 'anonymous'],
    [`Bearer ${SERVER_KEY} x`, 'anonymous'],
    [`Bearer, Bearer ${SERVER_KEY}`, 'anonymous'],
    ['Bearer ', 'anonymous'],
    [SERVER_KEY, 'anonymous'],
    ['', 'anonymous'],
  ])('says who it is by a bearer token: %j', async (authorization, kind) => {
    expect((await ask(probe(), { headers: { authorization } })).json.data.caller.kind).toBe(kind)
  })
})

describe('an image over HTTP', () => {
  test.each([
    'image/*',
    'image/png',
    'IMAGE/*',
    'image/png;q=0.8, application/json',
    'text/html, image/*',
    'image/*, */*',
  ])('is its bytes for who accepts %s', async (accept) => {
    const reply = await ask(imageProbe, { headers: { accept } })

    expect(reply).toMatchObject({ status: 200, body: IMAGE })
    expect(reply.headers).toEqual({ 'content-type': 'image/png', 'cache-control': 'no-store' })
  })

  test.each([undefined, '', '*/*', 'application/json', 'application/json, image/*', 'text/html'])(
    'is JSON for who accepts %s',
    async (accept) => {
      const reply = await ask(imageProbe, { headers: { accept } })

      expect(reply.json).toEqual({
        ok: true,
        data: { contentType: 'image/png', imageBase64: IMAGE.toString('base64') },
      })
    },
  )

  test('is JSON when it failed, whatever is accepted', async () => {
    const reply = await ask(imageProbe, { headers: { accept: 'image/*' }, body: Buffer.from('{"x":1}') })

    expect(reply).toMatchObject({ status: 400, json: { error: { code: 'INVALID_ARGUMENT', field: 'x' } } })
    expect(reply.headers['content-type']).toBe(JSON_TYPE)
  })

  test('is JSON of a function that has none', async () => {
    expect((await ask(probe(), { headers: { accept: 'image/*' } })).headers['content-type']).toBe(JSON_TYPE)
  })
})

test.each([
  [{ Authorization: 'a' }, { authorization: 'a' }],
  [{ 'X-A': ['1', '2'] }, { 'x-a': '1' }],
  [{ A: undefined }, { a: undefined }],
  [null, {}],
  [undefined, {}],
])('header names are read without regard to case, and the first of several values: %j', (headers, read) => {
  expect(lowerCaseHeaders(headers)).toEqual(read)
})
