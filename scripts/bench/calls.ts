import { payload2 } from '../../test/hosts/support/gatewayEvents.ts'
import type { Phone } from '../simulator/phone.ts'
import { DEFAULT_TEMPLATES } from '../simulator/templates.ts'
import { APP, SERVER_KEY } from './deployment.ts'

/** One call as its platform hands it to a function, and a piece of the answer by which it is known. */
export type Call = {
  readonly name: string
  readonly event: unknown
  readonly context: object
  readonly answer: string
}

/** Calls of a user through `wx.cloud.callFunction`, as CloudBase hands them on. */
export function cloudBaseCalls(phone: Phone) {
  const attested = { TCB_SOURCE: 'wx_client', WX_APPID: APP.appId, WX_OPENID: phone.openid }
  const context = { request_id: 'r1', time_limit_in_ms: 10_000, environment: JSON.stringify(attested) }
  const userInfo = { appId: APP.appId, openId: phone.openid }
  const call = (name: string, input: object, answer: string): Call => ({
    name,
    event: { ...input, userInfo },
    context,
    answer,
  })

  return {
    login: call('login', {}, phone.openid),
    createSoterChallenge: call('createSoterChallenge', CHALLENGE, '"ok":true'),
    checkContent: call('checkContent', TEXT, '"suggest":"pass"'),
    refusedMessage: call('sendSubscribeMessage', TOO_LONG_MESSAGE, 'TEMPLATE_DATA_INVALID'),
  }
}

/** Calls over HTTP as API Gateway hands them on. */
export function lambdaCalls({ openid }: Phone) {
  const post = (name: string, bearer: string, input: object, answer: string): Call => ({
    name,
    event: payload2(name, { body: JSON.stringify(input), headers: { authorization: `Bearer ${bearer}` } }),
    context: { awsRequestId: 'r1' },
    answer,
  })

  return {
    refusedLogin: post('login', '', {}, 'INVALID_ARGUMENT'),
    login: (code: object) => post('login', '', code, '"statusCode":200'),
    createSoterChallenge: (token: string) =>
      post('createSoterChallenge', token, CHALLENGE, '"statusCode":200'),
    refusedSession: post('createSoterChallenge', UNKNOWN_TOKEN, CHALLENGE, 'UNAUTHENTICATED'),
    checkContent: post('checkContent', SERVER_KEY, { ...TEXT, openid }, '"statusCode":200'),
    refusedMessage: post(
      'sendSubscribeMessage',
      SERVER_KEY,
      { ...TOO_LONG_MESSAGE, touser: openid },
      'TEMPLATE_DATA_INVALID',
    ),
  }
}

/** In the shape of ours, so that it is looked up. */
const UNKNOWN_TOKEN = `${'u'.repeat(22)}.${'u'.repeat(43)}`
const CHALLENGE = { purpose: 'pay', action: 'order 20261120-0001' }
const TEXT = { type: 'text', scene: 2, content: '今天天气真好，我们去公园散步吧。' }

/** All of it is looked at, and the last value has a character too many. */
const TOO_LONG_MESSAGE = {
  templateId: DEFAULT_TEMPLATES[0]?.id,
  page: 'pages/order/detail?id=20261120-0001',
  miniprogramState: 'formal',
  lang: 'zh_CN',
  requestKey: 'order-20261120-0001',
  data: {
    character_string1: { value: '20261120-0001' },
    date3: { value: '2026-11-20 12:00' },
    amount4: { value: '¥128.50' },
    thing2: { value: '十'.repeat(21) },
  },
}
