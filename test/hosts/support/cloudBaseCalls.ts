import type { Phone } from '../../../scripts/simulator/phone.ts'
import { APP_ID } from '../../support/world.ts'

/** What CloudBase attests when this phone calls `wx.cloud.callFunction`. */
export const attestedFor = ({ openid, unionid }: Pick<Phone, 'openid' | 'unionid'>) => ({
  TCB_SOURCE: 'wx_client',
  WX_APPID: APP_ID,
  WX_OPENID: openid,
  WX_UNIONID: unionid,
  WX_CONTEXT_KEYS: 'WX_APPID,WX_OPENID,WX_UNIONID',
})

/** `wx.cloud.callFunction` of this phone: CloudBase adds `userInfo` to what the mini program gave. */
export const callFunctionBy = (phone: Phone, data: object) => ({
  event: { ...data, userInfo: { appId: APP_ID, openId: phone.openid } },
  attested: attestedFor(phone),
})

/** What CloudBase attests about its timer, and the event that it sends. */
export const byTimer = {
  event: { Type: 'Timer', TriggerName: 'refresh', Time: '2026-11-20T00:00:00Z', Message: '' },
  attested: { TCB_SOURCE: 'wx_trigger', TRIGGER_SRC: 'timer' },
}

/** What CloudBase's HTTP access service makes of a request. */
export const accessEvent = (input: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  path: '/',
  httpMethod: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  queryStringParameters: {},
  requestContext: { requestId: 'r1', envId: 'env-1', appId: '1', uin: '1' },
  body: JSON.stringify(input),
  isBase64Encoded: false,
})
