import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'
import { oneTimeCode } from '../../shared/function/fields.ts'
import {
  getUserPhoneNumber,
  requireOwnPhoneNumber,
} from '../../shared/wechat/endpoints/getUserPhoneNumber.ts'

const input = z.strictObject({ code: oneTimeCode(256) })

export type GetPhoneNumberInput = z.input<typeof input>

export type GetPhoneNumberOutput = {
  /** With the country code when the number is not of mainland China. */
  readonly phoneNumber: string
  readonly purePhoneNumber: string
  readonly countryCode: string
}

/**
 * Exchanges the one-time code of `<button open-type="getPhoneNumber">` for the caller's number.
 *
 * Fails with `CODE_INVALID`, `CODE_USED` and `CODE_OUTCOME_UNKNOWN`. WeChat bills each success, so a lost
 * answer is not followed by another request.
 */
export default defineFunction({
  name: 'getPhoneNumber',
  access: ['user'],
  input,
  uses: { getUserPhoneNumber },
  timeoutSeconds: 10,

  async handle({ caller, wechat, config }, { code }): Promise<GetPhoneNumberOutput> {
    const { appId, ...phone } = await wechat.getUserPhoneNumber({ code, openid: caller.openid })
    requireOwnPhoneNumber(appId, config.appId)
    return phone
  },
})
