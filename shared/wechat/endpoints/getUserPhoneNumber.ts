import { isJsonObject } from '../../core/json.ts'
import { Problem } from '../../core/problem.ts'
import { defineEndpoint } from '../endpoint.ts'
import { readObject, readText, readTextOrNumber } from '../readAnswer.ts'

/**
 * Exchanges the one-time code of the `getPhoneNumber` button for the user's number. Each success is billed.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html
 */
export const getUserPhoneNumber = defineEndpoint({
  method: 'POST',
  path: '/wxa/business/getuserphonenumber',
  credential: 'accessToken',
  effect: 'code',
  cloudCall: 'phonenumber.getPhoneNumber',
  problems: { 40029: 'CODE_INVALID', 40163: 'CODE_USED' },
  request: ({ code, openid }: { readonly code: string; readonly openid: string }) => ({
    body: { code, openid },
  }),
  response(json) {
    const info = readObject(json, 'phone_info')
    const appId = isJsonObject(info.watermark) ? info.watermark.appid : undefined
    return {
      phoneNumber: readText(info, 'phoneNumber'),
      purePhoneNumber: readText(info, 'purePhoneNumber'),
      countryCode: readTextOrNumber(info, 'countryCode'),
      appId: typeof appId === 'string' ? appId : undefined,
    }
  },
})

/** A number that WeChat issued for another mini program is not this user's. @throws Problem `UPSTREAM_BAD_RESPONSE` */
export function requireOwnPhoneNumber(issuedFor: string | undefined, appId: string): void {
  if (issuedFor !== undefined && issuedFor !== appId) {
    throw new Problem('UPSTREAM_BAD_RESPONSE', { detail: 'the phone number is for another mini program' })
  }
}
