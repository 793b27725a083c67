import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCloudCallChannel } from '../../../shared/platform/cloudbase/cloudCallChannel.ts'
import { loadSdk, type WxServerSdk } from '../../../shared/platform/cloudbase/sdk.ts'
import { ExchangeFailure } from '../../../shared/wechat/channel.ts'
import type { Endpoint } from '../../../shared/wechat/endpoint.ts'
import { checkImage } from '../../../shared/wechat/endpoints/checkImage.ts'
import { checkText } from '../../../shared/wechat/endpoints/checkText.ts'
import { getOpenData } from '../../../shared/wechat/endpoints/getOpenData.ts'
import { getUnlimitedCode } from '../../../shared/wechat/endpoints/getUnlimitedCode.ts'
import { sendSubscribeMessage } from '../../../shared/wechat/endpoints/sendSubscribeMessage.ts'
import { pngOf } from '../../core/imageSamples.ts'
import { type CloudAnswer, type FakeCloudBase, startFakeCloudBase } from '../../support/fakeCloudBase.ts'

const JSON_TYPE = 'application/json; encoding=utf-8'
const MESSAGE = {
  touser: 'o-alice',
  templateId: 'order-shipped',
  data: { thing1: '红茶 "一"\n', date2: '2026-01-15' },
  page: 'pages/order/detail?id=1',
  miniprogramState: 'formal',
  lang: 'zh_CN',
} as const

const channel = createCloudCallChannel(loadSdk)
let cloudBase: FakeCloudBase
let answer: CloudAnswer

beforeAll(async () => {
  cloudBase = await startFakeCloudBase({ openApi: () => answer })
  Object.assign(process.env, cloudBase.environment)
})
afterAll(() => cloudBase.close())
beforeEach(() => {
  answer = { body: '{"errcode":0,"errmsg":"ok"}' }
})

const exchange = <I>(endpoint: Endpoint<I, unknown>, input: I, timeoutMs = 5000) =>
  channel.exchange({
    endpoint,
    request: endpoint.request(input, undefined as never),
    timeoutMs,
  })

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (failure) =>
      failure instanceof ExchangeFailure ? { kind: failure.kind, sent: failure.sent } : String(failure),
  )

describe('a request through the real SDK', () => {
  test("carries WeChat's own field names and values, untouched", async () => {
    await exchange(sendSubscribeMessage, MESSAGE)

    expect(cloudBase.cloudCalls.at(-1)).toEqual({
      api: 'subscribeMessage.send',
      fields: {
        touser: 'o-alice',
        template_id: 'order-shipped',
        data: { thing1: { value: '红茶 "一"\n' }, date2: { value: '2026-01-15' } },
        page: 'pages/order/detail?id=1',
        miniprogram_state: 'formal',
        lang: 'zh_CN',
      },
      files: {},
    })
  })

  test('carries what goes into the query over HTTPS beside the body', async () => {
    await exchange(getOpenData, { cloudId: '39_abc', openid: 'o-alice' })

    expect(cloudBase.cloudCalls.at(-1)).toMatchObject({
      api: 'cloudbase.getOpenData',
      fields: { openid: 'o-alice', cloudid_list: ['39_abc'] },
    })
  })

  test('carries an upload byte for byte', async () => {
    const bytes = pngOf(30, 20)

    await exchange(checkImage, { bytes, contentType: 'image/png' })

    expect(cloudBase.cloudCalls.at(-1)).toEqual({
      api: 'security.imgSecCheck',
      fields: {},
      files: { media: { bytes, fileName: 'media.png' } },
    })
  })

  test('needs no access token of ours', () => {
    expect(channel.needsAccessToken).toBe(false)
  })
})

describe('an answer through the real SDK', () => {
  test('is JSON with its fields as they are', async () => {
    answer = {
      body: '{"errcode":0,"errmsg":"ok","trace_id":"t-1","result":{"suggest":"pass","label":100}}',
    }

    const { json } = await exchange(checkText, { content: 'tea', scene: 1, openid: 'o-alice' })

    expect(json).toMatchObject({ errCode: 0, trace_id: 't-1', result: { suggest: 'pass', label: 100 } })
  })

  test('is read as JSON although it is labelled as plain text', async () => {
    answer = { body: '{"trace_id":"t-2"}', contentType: 'text/plain' }

    expect((await exchange(checkText, { content: 'tea', scene: 1, openid: 'o-alice' })).json).toMatchObject({
      trace_id: 't-2',
    })
  })

  test('keeps an id beyond 2^53 exact, as a text', async () => {
    answer = { body: '{"errcode":0,"errmsg":"ok","msgid":1864323726461255681}' }

    const { json } = await exchange(sendSubscribeMessage, MESSAGE)

    expect(sendSubscribeMessage.response(json ?? {}, Buffer.alloc(0))).toEqual({
      msgid: '1864323726461255681',
    })
  })

  test('is an image with all of its bytes', async () => {
    const image = pngOf(60, 60)
    answer = { body: image, contentType: 'image/png' }

    expect(await exchange(getUnlimitedCode, { scene: 'a' })).toEqual({ image })
  })

  test.each([
    [
      'a truncated image',
      getUnlimitedCode,
      { body: pngOf(60, 60).subarray(0, 500), contentType: 'image/png' },
    ],
    ['HTML', getUnlimitedCode, { body: '<html>busy</html>', contentType: 'text/html' }],
    ['an image in place of JSON', sendSubscribeMessage, { body: pngOf(6, 6), contentType: 'image/png' }],
  ])('that is %s is none', async (_, endpoint, given) => {
    answer = given

    expect(await failureOf(exchange(endpoint as Endpoint, { scene: 'a', ...MESSAGE } as never))).toEqual({
      kind: 'unreadable',
      sent: true,
    })
  })
})

describe('a refusal through the real SDK', () => {
  test("has WeChat's errcode and request id", async () => {
    answer = {
      body: '{"errcode":43101,"errmsg":"user refuse to accept the msg rid: 5fe8-1a2b-3c4d"}',
      contentType: JSON_TYPE,
    }

    expect((await exchange(sendSubscribeMessage, MESSAGE)).json).toEqual({
      errCode: 43101,
      errMsg: expect.stringContaining('rid: 5fe8-1a2b-3c4d'),
    })
  })

  test.each<[string, CloudAnswer, number]>([
    ['a missing permission', { errorCode: -604101 }, -604101],
    ['a call from where none is allowed', { errorCode: -604104 }, -604104],
    ['too many requests', { code: 'EXCEED_REQUEST_LIMIT', message: 'slow down' }, -501003],
    ['a fault of CloudBase', { code: 'SYS_ERR', message: 'sorry' }, -501001],
    ['a gateway that fails', { status: 502 }, -501001],
    ['a connection that is lost after the request', 'reset', -501001],
    ['a busy WeChat', { body: '{"errcode":-1,"errmsg":"system error rid: 1-2-3"}' }, -1],
  ])('by %s has its errcode', async (_, given, errCode) => {
    answer = given

    expect((await exchange(sendSubscribeMessage, MESSAGE)).json).toMatchObject({ errCode })
  })
})

describe('a call that is lost', () => {
  test('ends at its own timeout, not at that of the SDK', async () => {
    answer = 'hang'

    expect(await failureOf(exchange(sendSubscribeMessage, MESSAGE, 100))).toEqual({
      kind: 'timeout',
      sent: true,
    })
  })

  test.each([
    { errCode: -1, errMsg: 'openapi.subscribeMessage.send:fail of the SDK itself' },
    new TypeError('of the SDK itself'),
    'of the SDK itself',
  ])('inside the SDK may have been sent: %s', async (fault) => {
    const sdk = { openapi: () => ({ subscribeMessage: { send: () => Promise.reject(fault) } }) }
    const { exchange } = createCloudCallChannel(async () => sdk as unknown as WxServerSdk)
    const request = sendSubscribeMessage.request(MESSAGE, undefined as never)

    expect(await failureOf(exchange({ endpoint: sendSubscribeMessage, request, timeoutMs: 1000 }))).toEqual({
      kind: 'unreachable',
      sent: true,
    })
  })

  test('is not repeated by the SDK behind our back', async () => {
    await exchange(sendSubscribeMessage, MESSAGE)
    const before = cloudBase.cloudCalls.length
    answer = 'reset'

    await exchange(sendSubscribeMessage, MESSAGE)

    expect(cloudBase.cloudCalls.length - before).toBe(1)
  })
})
