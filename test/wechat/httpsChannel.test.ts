import type { ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHttpTransport } from '../../shared/platform/httpTransport.ts'
import { type Answer, ExchangeFailure } from '../../shared/wechat/channel.ts'
import type { AnyEndpoint, EndpointRequest } from '../../shared/wechat/endpoint.ts'
import { checkImage } from '../../shared/wechat/endpoints/checkImage.ts'
import { checkText } from '../../shared/wechat/endpoints/checkText.ts'
import { getUnlimitedCode } from '../../shared/wechat/endpoints/getUnlimitedCode.ts'
import { createHttpsChannel } from '../../shared/wechat/httpsChannel.ts'
import { jpegOf, pngOf } from '../core/imageSamples.ts'
import { startAnsweringServer } from '../support/answeringServer.ts'
import { parseForm } from '../support/parseForm.ts'
import { createTestClock } from '../support/testClock.ts'

type Given = {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Announces the whole body, sends this much of it and hangs up. */
  readonly cutAfterBytes?: number
}

const OK = '{"errcode":0,"errmsg":"ok"}'
const JSON_TYPE = 'application/json; encoding=utf-8'

async function openChannel(given: Given = {}) {
  const server = await startAnsweringServer((_, response) => respond(response, given))
  const transport = createHttpTransport({ clock: createTestClock() })
  onTestFinished(() => transport.close())
  const channel = createHttpsChannel(transport, server.url)

  const exchange = (endpoint: AnyEndpoint, request: EndpointRequest = {}, accessToken?: string) =>
    channel.exchange({ endpoint, request, timeoutMs: 2000, ...(accessToken && { accessToken }) })
  return { server, exchange }
}

function respond(response: ServerResponse, { status = 200, type = JSON_TYPE, headers, ...given }: Given) {
  const { body = OK, cutAfterBytes } = given
  const bytes = Buffer.from(body)
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length, ...headers })
  if (cutAfterBytes === undefined) response.end(bytes)
  else response.write(bytes.subarray(0, cutAfterBytes), () => response.destroy())
}

/** What becomes of an answer: its content, or the kind of failure. */
async function outcomeOf(endpoint: AnyEndpoint, given: Given): Promise<Answer | string> {
  const { exchange } = await openChannel(given)
  return exchange(endpoint).catch((failure: unknown) =>
    failure instanceof ExchangeFailure
      ? `${failure.kind}, ${failure.sent ? 'sent' : 'not sent'}`
      : `${failure}`,
  )
}

describe('a request', () => {
  test('has the token in the query, encoded, and JSON in the body', async () => {
    const { server, exchange } = await openChannel()

    await exchange(checkText, { query: { openid: 'o&1' }, body: { content: '红茶 & "tea"' } }, 'a+b/c=&d')

    const [request] = server.requests
    expect(request?.method).toBe('POST')
    expect(request?.url).toBe('/wxa/msg_sec_check?access_token=a%2Bb%2Fc%3D%26d&openid=o%261')
    expect(request?.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(request?.body.toString()).toBe('{"content":"红茶 & \\"tea\\""}')
  })

  test('without a token or a query has none', async () => {
    const { server, exchange } = await openChannel()

    await exchange(checkText)

    expect(server.requests[0]?.url).toBe('/wxa/msg_sec_check')
    expect(server.requests[0]?.body).toHaveLength(0)
  })

  test('uploads a file byte for byte, as one part of a form', async () => {
    const { server, exchange } = await openChannel()
    const bytes = pngOf(20, 30)

    await exchange(checkImage, checkImage.request({ bytes, contentType: 'image/png' }, undefined as never))

    const [request] = server.requests
    const form = parseForm(request?.body ?? Buffer.alloc(0), String(request?.headers['content-type']))
    expect([...form]).toEqual([['media', { bytes, contentType: 'image/png', fileName: 'image.png' }]])
  })
})

describe('JSON is an answer', () => {
  test.each<[string, Given]>([
    ['with its own content type', { type: JSON_TYPE }],
    ['labelled as plain text', { type: 'text/plain' }],
    ['labelled as HTML', { type: 'text/html' }],
    ['labelled as an image', { type: 'image/jpeg' }],
    ['after white space', { body: ` \r\n\t${OK}` }],
  ])('%s', async (_, given) => {
    expect(await outcomeOf(checkText, given)).toEqual({ json: { errcode: 0, errmsg: 'ok' } })
  })

  test.each([200, 400, 404, 412])('with an errcode, whatever the status: %i', async (status) => {
    expect(await outcomeOf(checkText, { status, body: '{"errcode":40066,"errmsg":"invalid url"}' })).toEqual({
      json: { errcode: 40066, errmsg: 'invalid url' },
    })
  })

  test('with a refusal in place of an image, labelled as one', async () => {
    const body = '{"errcode":41030,"errmsg":"invalid page"}'

    expect(await outcomeOf(getUnlimitedCode, { type: 'image/jpeg', body })).toEqual({
      json: { errcode: 41030, errmsg: 'invalid page' },
    })
  })
})

describe('an image is an answer where one was asked for', () => {
  test.each<[string, Given]>([
    ['JPEG', { type: 'image/jpeg', body: jpegOf(40, 40) }],
    ['PNG', { type: 'image/png', body: pngOf(40, 40) }],
    ['PNG labelled as JPEG', { type: 'image/jpeg', body: pngOf(40, 40) }],
    ['JPEG labelled as JSON', { type: JSON_TYPE, body: jpegOf(40, 40) }],
  ])('%s', async (_, given) => {
    expect(await outcomeOf(getUnlimitedCode, given)).toEqual({ image: given.body })
  })
})

describe('no answer is', () => {
  const image = jpegOf(40, 40)

  test.each<[string, AnyEndpoint, Given]>([
    ['HTML', checkText, { type: 'text/html', body: '<html><body>busy</body></html>' }],
    ['nothing', checkText, { body: '' }],
    ['white space', checkText, { body: ' \n' }],
    ['JSON that stops', checkText, { body: '{"errcode":0,"result":{' }],
    ['JSON that is cut off on the way', checkText, { cutAfterBytes: 10 }],
    ['a list', checkText, { body: '[{"errcode":0}]' }],
    ['null', checkText, { body: 'null' }],
    ['an errcode that is no number', checkText, { body: '{"errcode":"none"}' }],
    ['success with status 400', checkText, { status: 400 }],
    ['success with status 404', checkText, { status: 404, body: '{}' }],
    ['HTML with status 403', checkText, { status: 403, type: 'text/html', body: '<html></html>' }],
    ['an image in place of JSON', checkText, { type: 'image/jpeg', body: image }],
    ['an image without its end', getUnlimitedCode, { type: 'image/jpeg', body: image.subarray(0, -2) }],
    ['an image that is cut off on the way', getUnlimitedCode, { body: image, cutAfterBytes: 300 }],
    ['an image with status 404', getUnlimitedCode, { status: 404, type: 'image/jpeg', body: image }],
    ['HTML in place of an image', getUnlimitedCode, { type: 'image/jpeg', body: '<html></html>' }],
    ['nothing in place of an image', getUnlimitedCode, { type: 'image/jpeg', body: '' }],
    ['more than 8 MiB', checkText, { body: `{"errcode":0,"a":"${'x'.repeat(8 * 1024 * 1024)}"}` }],
  ])('%s (%#)', async (_, endpoint, given) => {
    expect(await outcomeOf(endpoint, given)).toBe('unreadable, sent')
  })

  test.each([500, 502, 503, 504])('whatever comes with status %i', async (status) => {
    expect(await outcomeOf(checkText, { status, body: OK })).toBe('unavailable, sent')
  })

  test.each([301, 302, 307, 308])('a redirect with status %i, which is not followed', async (status) => {
    const { server, exchange } = await openChannel({ status, headers: { location: '/elsewhere' }, body: '' })

    await expect(exchange(checkText)).rejects.toMatchObject({ kind: 'unreadable' })

    expect(server.requests).toHaveLength(1)
  })
})

describe('too many requests', () => {
  test.each<[string | undefined, number | undefined]>([
    ['7', 7000],
    ['0', 0],
    ['99999', 99_999_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['100000', undefined],
    [undefined, undefined],
  ])('with Retry-After %s say when to come back', async (retryAfter, retryAfterMs) => {
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
    const { exchange } = await openChannel({ status: 429, headers, body: '' })

    await expect(exchange(checkText)).rejects.toMatchObject({ kind: 'rateLimited', retryAfterMs })
  })
})

test('a failure never says where the request went: the address holds the token', async () => {
  const { exchange } = await openChannel({ status: 500 })

  const failure = await exchange(checkText, {}, 'canary-token').catch((thrown: unknown) => thrown)

  expect(`${failure} ${JSON.stringify(failure)} ${(failure as Error).stack}`).not.toContain('canary-token')
})
