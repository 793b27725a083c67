import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import { toCloudBase } from '../../../shared/platform/cloudbase/adapter.ts'
import { withEnvironment } from '../../support/cloudBaseContext.ts'
import { IMAGE, imageProbe } from '../../support/imageProbe.ts'
import { probe } from '../../support/probe.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { APP_ID, createWorld } from '../../support/world.ts'

const HTTP = withEnvironment({ TCB_SOURCE: 'wx_http' })
const userOf = (openid: string, more: Record<string, string> = {}) =>
  withEnvironment({ TCB_SOURCE: 'wx_client', WX_OPENID: openid, WX_APPID: APP_ID, ...more })

/** Says what it was called with. */
const echo = probe<object>({
  handle: async ({ requestId, deadlineAtMs }) => ({ requestId, leftMs: deadlineAtMs - NOW_MS }),
})

describe('callFunction', () => {
  test('is answered with the reply itself', async () => {
    const { runtime } = await createWorld()

    expect(await toCloudBase(probe(), () => runtime)({ text: 'x' }, userOf('o1'))).toEqual({
      ok: true,
      data: { caller: { kind: 'user', openid: 'o1', vouchedFields: new Set() } },
    })
  })

  test('is rid of what CloudBase adds to the input, and of nothing else', async () => {
    const { runtime } = await createWorld()
    const main = toCloudBase(probe(), () => runtime)
    const userInfo = { appId: APP_ID, openId: 'o1' }

    expect(await main({ text: 'x', userInfo, tcbContext: {} }, userOf('o1'))).toMatchObject({ ok: true })
    expect(await main({ text: 'x', userInfo, openid: 'o1' }, userOf('o1'))).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'openid' },
    })
  })

  test.each([[undefined], [null], ['text'], [7], [[{ text: 'x' }]]])(
    'with %j for an input is INVALID_ARGUMENT',
    async (event) => {
      const { runtime } = await createWorld()

      expect(await toCloudBase(probe(), () => runtime)(event, userOf('o1'))).toMatchObject({
        error: { code: 'INVALID_ARGUMENT' },
      })
    },
  )

  test('takes an object for resolved data only where WeChat names the field in this very call', async () => {
    const world = await createWorld()
    const main = toCloudBase(decryptOpenData, () => world.runtime)
    const watermark = { appid: APP_ID, timestamp: NOW_MS / 1000 }
    const event = { cloudID: { cloudID: '39_x', data: { openGId: 'tG1', watermark } } }

    expect(await main(event, userOf('o1', { WX_OPEN_DATA_INFO: '{"keys":["cloudID"]}' }))).toMatchObject({
      data: { kind: 'shareInfo', openData: { openGId: 'tG1' }, source: 'cloudID', integrity: 'verified' },
    })
    for (const info of ['', '{"keys":[]}', '{"keys":["cloudid","data"]}'])
      expect(await main(event, userOf('o1', { WX_OPEN_DATA_INFO: info }))).toMatchObject({
        error: { code: 'OPEN_DATA_UNTRUSTED', field: 'cloudID' },
      })
  })
})

describe('the context', () => {
  test('may be missing', async () => {
    const { runtime } = await createWorld()
    const main = toCloudBase(probe({ access: ['user'] }), () => runtime)

    for (const context of [undefined, null, {}])
      expect(await main({}, context)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
  })

  test('is read before anything is awaited: who calls next on this instance changes nothing', async () => {
    const { runtime } = await createWorld()
    const main = toCloudBase(probe(), () => runtime)
    const context = { ...userOf('o-alice') }

    const pending = main({}, context)
    Object.assign(context, userOf('o-bob'))

    expect(await pending).toMatchObject({ data: { caller: { openid: 'o-alice' } } })
  })

  test('gives the request id, which a repeat of the same invocation carries again', async () => {
    const { runtime } = await createWorld()
    const main = toCloudBase(echo, () => runtime)

    expect(await main({}, userOf('o1'))).toMatchObject({ data: { requestId: 'cloudbase-request' } })
    for (const request_id of [undefined, '', 7])
      expect(await main({}, { ...userOf('o1'), request_id })).toMatchObject({
        data: { requestId: expect.stringMatching(/^[0-9a-f]{32}$/) },
      })
  })

  test.each([
    [3000, 2500],
    ['3000', 2500],
    [3, 2500],
    ['3', 2500],
    [60_000, 9500],
    [undefined, 9500],
    ['soon', 9500],
    [0, 9500],
    [-1, 9500],
  ])('limits the time, in milliseconds or in seconds: %j', async (time_limit_in_ms, leftMs) => {
    const { runtime } = await createWorld()

    expect(await toCloudBase(echo, () => runtime)({}, { ...userOf('o1'), time_limit_in_ms })).toMatchObject({
      data: { leftMs },
    })
  })
})

describe('HTTP access', () => {
  const event = (more: object = {}) => ({
    path: '/probe',
    httpMethod: 'POST',
    headers: { 'Content-Type': 'application/json' },
    queryStringParameters: {},
    requestContext: { requestId: 'r1', envId: 'e1' },
    body: '{"text":"x"}',
    isBase64Encoded: false,
    ...more,
  })

  test('is answered with an integrated response', async () => {
    const { runtime } = await createWorld()

    expect(await toCloudBase(probe(), () => runtime)(event(), HTTP)).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
      body: '{"ok":true,"data":{"caller":{"kind":"anonymous"}}}',
      isBase64Encoded: false,
    })
  })

  test('gives an image in base64', async () => {
    const { runtime } = await createWorld()
    const main = toCloudBase(imageProbe, () => runtime)

    expect(await main(event({ body: '', headers: { Accept: 'image/*' } }), HTTP)).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'image/png' },
      body: IMAGE.toString('base64'),
      isBase64Encoded: true,
    })
  })

  test.each([
    ['as text', { body: '{"text":"x"}' }, 200],
    ['in base64', { body: Buffer.from('{"text":"x"}').toString('base64'), isBase64Encoded: true }, 200],
    ['in what claims to be base64', { body: '!!!', isBase64Encoded: true }, 400],
    ['parsed', { body: { text: 'x' } }, 200],
    ['not at all', { body: undefined }, 200],
    ['as null', { body: null }, 200],
    ['as no JSON', { body: 'text=x' }, 400],
    ['with the userInfo of callFunction', { body: '{"userInfo":{"openId":"o1"}}' }, 400],
  ])('takes a body %s', async (_, more, statusCode) => {
    const { runtime } = await createWorld()

    expect(await toCloudBase(probe(), () => runtime)(event(more), HTTP)).toMatchObject({ statusCode })
  })

  test.each([
    ['no headers', { headers: undefined }],
    ['headers of null', { headers: null }],
  ])('may come with %s', async (_, more) => {
    const { runtime } = await createWorld()

    expect(await toCloudBase(probe(), () => runtime)(event(more), HTTP)).toMatchObject({ statusCode: 200 })
  })

  test('other than POST is refused', async () => {
    const { runtime } = await createWorld()

    expect(await toCloudBase(probe(), () => runtime)(event({ httpMethod: 'GET' }), HTTP)).toMatchObject({
      statusCode: 405,
      headers: { allow: 'POST' },
    })
  })
})

test("the timer's event is no input", async () => {
  const { runtime } = await createWorld()
  const event = { Type: 'Timer', TriggerName: 't', Time: '2026-11-20T00:00:00Z', Message: '{"text":7}' }

  expect(
    await toCloudBase(probe(), () => runtime)(event, withEnvironment({ TCB_SOURCE: 'wx_trigger' })),
  ).toEqual({ ok: true, data: { caller: { kind: 'timer' } } })
})
