import type { Phone } from '../../../scripts/simulator/phone.ts'
import { APP_ID } from '../../support/world.ts'
import { accessRequest } from './gatewayEvents.ts'

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

/** A message that WeChat hands to CloudBase, which names its sender in the context and no client. */
export const byPush = (message: object) => ({
  event: message,
  attested: {
    WX_APPID: APP_ID,
    WX_OPENID: 'FromUserName' in message ? String(message.FromUserName) : '',
    WX_CONTEXT_KEYS: 'WX_APPID,WX_OPENID',
  },
})

/** A request with JSON, as CloudBase's HTTP access service hands it over. */
export const accessEvent = (input: unknown, headers: Readonly<Record<string, string>> = {}) =>
  accessRequest({ headers, body: JSON.stringify(input) })
