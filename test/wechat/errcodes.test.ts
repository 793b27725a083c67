import { describe, expect, test } from 'vitest'
import type { ProblemCode } from '../../shared/core/problem.ts'
import { isTokenErrcode } from '../../shared/core/tokenErrcodes.ts'
import { type AnyEndpoint, defineEndpoint, type WechatJson } from '../../shared/wechat/endpoint.ts'
import { checkImage } from '../../shared/wechat/endpoints/checkImage.ts'
import { code2Session } from '../../shared/wechat/endpoints/code2Session.ts'
import { createClassicCode } from '../../shared/wechat/endpoints/createClassicCode.ts'
import { getAccessToken } from '../../shared/wechat/endpoints/getAccessToken.ts'
import { getLimitedCode } from '../../shared/wechat/endpoints/getLimitedCode.ts'
import { getOpenData } from '../../shared/wechat/endpoints/getOpenData.ts'
import { getStableAccessToken } from '../../shared/wechat/endpoints/getStableAccessToken.ts'
import { getUnlimitedCode } from '../../shared/wechat/endpoints/getUnlimitedCode.ts'
import { getUserPhoneNumber } from '../../shared/wechat/endpoints/getUserPhoneNumber.ts'
import { sendSubscribeMessage } from '../../shared/wechat/endpoints/sendSubscribeMessage.ts'
import { submitMedia } from '../../shared/wechat/endpoints/submitMedia.ts'
import { errcodeOf, toProblem, traceOf } from '../../shared/wechat/errcodes.ts'
import { judgeAnswer } from '../../shared/wechat/judgeAnswer.ts'

/** An endpoint that says nothing of its own about errcodes. */
const plain = defineEndpoint({
  method: 'POST',
  path: '/plain',
  credential: 'accessToken',
  effect: 'read',
  request: () => ({}),
  response: (json) => json,
})

const problemOf = (errcode: number, endpoint: AnyEndpoint = plain, errmsg = 'no') =>
  toProblem(endpoint, errcode, { errcode, errmsg })

describe('an errcode means the same at every endpoint', () => {
  test.each<[number, ProblemCode]>([
    [-1, 'UPSTREAM_UNAVAILABLE'],
    [1000, 'UPSTREAM_UNAVAILABLE'],
    [61450, 'UPSTREAM_UNAVAILABLE'],
    [61080, 'UPSTREAM_UNAVAILABLE'],
    [-501001, 'UPSTREAM_UNAVAILABLE'],
    [-501002, 'UPSTREAM_UNAVAILABLE'],
    [-601001, 'UPSTREAM_UNAVAILABLE'],
    [-601003, 'UPSTREAM_UNAVAILABLE'],
    [-601008, 'UPSTREAM_UNAVAILABLE'],
    [-604102, 'UPSTREAM_UNAVAILABLE'],
    [-604103, 'UPSTREAM_UNAVAILABLE'],
    [40226, 'RISK_BLOCKED'],
    [43101, 'USER_REFUSED'],
    [45029, 'QUOTA_EXCEEDED'],
    [61010, 'USER_NOT_RECENT'],
    [-501003, 'RATE_LIMITED'],
    [-501004, 'RATE_LIMITED'],
    [40001, 'UPSTREAM_REJECTED'],
    [40014, 'UPSTREAM_REJECTED'],
    [42001, 'UPSTREAM_REJECTED'],
    [40037, 'UPSTREAM_REJECTED'],
    [41001, 'UPSTREAM_REJECTED'],
    [43107, 'UPSTREAM_REJECTED'],
    [45168, 'UPSTREAM_REJECTED'],
    [47001, 'UPSTREAM_REJECTED'],
    [99999, 'UPSTREAM_REJECTED'],
  ])('%i is %s', (errcode, code) => {
    expect(problemOf(errcode)).toMatchObject({ code, options: { upstream: { errcode } } })
  })

  test.each<[number, ProblemCode, string]>([
    [40003, 'INVALID_ARGUMENT', 'openid'],
    [40129, 'SCENE_INVALID', 'scene'],
    [40169, 'SCENE_INVALID', 'scene'],
    [41030, 'PAGE_INVALID', 'page'],
    [47003, 'TEMPLATE_DATA_INVALID', 'data'],
  ])('%i is %s and names the field %s', (errcode, code, field) => {
    expect(problemOf(errcode)).toMatchObject({ code, options: { field } })
  })

  test.each([
    [43108, 1000],
    [44991, 60_000],
    [45009, 60_000],
    [45011, 60_000],
    [87020, 60_000],
  ])('%i is RATE_LIMITED for %i ms', (errcode, retryAfterMs) => {
    expect(problemOf(errcode)).toMatchObject({ code: 'RATE_LIMITED', options: { retryAfterMs } })
  })

  test.each([
    [40002, 'WECHAT_TOKEN_MODE'],
    [40013, 'WECHAT_APP_ID'],
    [40125, 'WECHAT_APP_SECRET'],
    [40164, "WeChat's IP whitelist"],
    [40166, 'WECHAT_APP_ID'],
    [40243, 'WECHAT_APP_SECRET'],
    [48001, "WeChat's permission"],
    [48004, "WeChat's permission"],
    [50002, 'The WeChat account'],
    [50004, "WeChat's permission to fetch tokens"],
    [50007, 'The WeChat account'],
    [61004, "WeChat's IP whitelist"],
    [61007, "WeChat's permission"],
    [85088, "WeChat's permission"],
    [89501, "WeChat's IP whitelist"],
    [89503, "WeChat's IP whitelist"],
    [89506, "WeChat's IP whitelist"],
    [89507, "WeChat's IP whitelist"],
    [-604100, 'The cloud call'],
    [-604101, 'permissions.openapi'],
    [-604104, 'WECHAT_TRANSPORT'],
  ])('%i is CONFIG_ERROR and names %s', (errcode, name) => {
    const problem = problemOf(errcode, plain, 'invalid ip 203.0.113.7, not in whitelist rid: 1a-2b-3c')

    expect(problem).toMatchObject({
      code: 'CONFIG_ERROR',
      options: { upstream: { errcode, rid: '1a-2b-3c' } },
    })
    expect(problem.message.startsWith(name)).toBe(true)
    expect(problem.message).not.toContain('203.0.113.7')
  })
})

describe('an endpoint has meanings of its own', () => {
  test.each<[string, AnyEndpoint, number, ProblemCode]>([
    ['code2Session', code2Session, 40029, 'CODE_INVALID'],
    ['code2Session', code2Session, 40163, 'CODE_USED'],
    ['getUserPhoneNumber', getUserPhoneNumber, 40029, 'CODE_INVALID'],
    ['getUserPhoneNumber', getUserPhoneNumber, 40163, 'CODE_USED'],
    ['getAccessToken', getAccessToken, 40001, 'CONFIG_ERROR'],
    ['getStableAccessToken', getStableAccessToken, 40001, 'CONFIG_ERROR'],
    ['getLimitedCode', getLimitedCode, 40159, 'PAGE_INVALID'],
    ['getLimitedCode', getLimitedCode, 85096, 'PAGE_INVALID'],
    ['createClassicCode', createClassicCode, 40159, 'PAGE_INVALID'],
    ['getUnlimitedCode', getUnlimitedCode, 85096, 'PAGE_INVALID'],
    ['getOpenData', getOpenData, -601005, 'OPEN_DATA_UNTRUSTED'],
    ['getOpenData', getOpenData, -601006, 'OPEN_DATA_UNTRUSTED'],
    ['getOpenData', getOpenData, -601007, 'OPEN_DATA_UNTRUSTED'],
    ['checkImage', checkImage, 40006, 'MEDIA_TOO_LARGE'],
    ['submitMedia', submitMedia, 40004, 'MEDIA_UNSUPPORTED'],
  ])('of %s, %#: %i is %s', (_, endpoint, errcode, code) => {
    expect(problemOf(errcode, endpoint).code).toBe(code)
  })

  test("a token endpoint's 40001 is the secret's fault", () => {
    expect(problemOf(40001, getStableAccessToken).message).toContain('WECHAT_APP_SECRET')
  })

  test("a message's 40003 is about touser", () => {
    expect(problemOf(40003, sendSubscribeMessage)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      options: { field: 'touser' },
    })
  })

  test.each([
    ['argument invalid! data.thing3.value invalid rid: 1-2-3', 'data.thing3'],
    ['argument invalid! data.character_string1.value is emtpy', 'data.character_string1'],
    ['argument invalid!', 'data'],
    ['', 'data'],
  ])("47003 with %j names the template's field", (errmsg, field) => {
    expect(problemOf(47003, sendSubscribeMessage, errmsg).options.field).toBe(field)
  })
})

describe('of an errcode that hides what became of the request', () => {
  test.each<[number, AnyEndpoint, ProblemCode]>([
    [-1, sendSubscribeMessage, 'OUTCOME_UNKNOWN'],
    [-501001, sendSubscribeMessage, 'OUTCOME_UNKNOWN'],
    [-604102, getLimitedCode, 'OUTCOME_UNKNOWN'],
    [-1, getUserPhoneNumber, 'UPSTREAM_UNAVAILABLE'],
    [-501001, getUserPhoneNumber, 'CODE_OUTCOME_UNKNOWN'],
    [-501002, getUserPhoneNumber, 'CODE_OUTCOME_UNKNOWN'],
    [-1, getUnlimitedCode, 'UPSTREAM_UNAVAILABLE'],
    [-501001, getUnlimitedCode, 'UPSTREAM_UNAVAILABLE'],
  ])('%i, the effect decides (%#): %s', (errcode, endpoint, code) => {
    expect(() => judgeAnswer(endpoint, { json: { errcode, errmsg: 'busy' } })).toThrowError(
      expect.objectContaining({ code }),
    )
  })
})

describe('the errcode of an answer', () => {
  test.each<[string, WechatJson, number | undefined]>([
    ['a number', { errcode: 43101 }, 43101],
    ['its digits', { errcode: '42001' }, 42001],
    ['negative digits', { errcode: '-1' }, -1],
    ['0', { errcode: 0, errmsg: 'ok' }, 0],
    ['absent', { access_token: 'a' }, 0],
    ['null', { errcode: null }, undefined],
    ["the cloud call's spelling", { errCode: 43101 }, 43101],
    ['a negative number as an unsigned one of 32 bits', { errcode: 4294966288 }, -1008],
    ['the largest of these', { errcode: 4294967295 }, -1],
    ['their digits', { errcode: '4294967295' }, -1],
    ['the largest of the others', { errcode: 2147483647 }, 2147483647],
    ['a word', { errcode: 'ok' }, undefined],
    ['a fraction', { errcode: 0.5 }, undefined],
    ['an object', { errcode: {} }, undefined],
    ['true', { errcode: true }, undefined],
    ['an empty text', { errcode: '' }, undefined],
  ])('that is %s is read', (_, json, errcode) => {
    expect(errcodeOf(json)).toBe(errcode)
  })

  test.each([
    [40001, true],
    [40014, true],
    [42001, true],
    [41001, false],
    [0, false],
    [undefined, false],
  ])('%s says whether the token is at fault', (errcode, expected) => {
    expect(isTokenErrcode(errcode)).toBe(expected)
  })
})

describe("WeChat's request id", () => {
  test.each([
    ['invalid credential rid: 60f96f1d-3845297a-1976a3ae', '60f96f1d-3845297a-1976a3ae'],
    ['no RID:5FE8-1', '5FE8-1'],
    ['hint: [abc]', undefined],
    ['', undefined],
  ])('is found in %j', (errmsg, rid) => {
    expect(traceOf(40001, { errmsg })).toEqual({ errcode: 40001, ...(rid && { rid }) })
  })

  test('is found in the spelling of the cloud call', () => {
    expect(traceOf(43101, { errMsg: 'openapi.subscribeMessage.send:fail no rid: 1-2-3' })).toEqual({
      errcode: 43101,
      rid: '1-2-3',
    })
  })

  test('is all that is kept of the text', () => {
    expect(traceOf(1, { errmsg: { rid: 'rid: 1-2-3' } })).toEqual({ errcode: 1 })
  })
})
