import { toVerdict, type Verdict } from '../../core/verdict.ts'
import { defineEndpoint } from '../endpoint.ts'
import { errcodeOf } from '../errcodes.ts'
import { readObject, readOptionalText } from '../readAnswer.ts'

const RISKY = 87014

export type TextToCheck = {
  readonly content: string
  readonly scene: number
  readonly openid: string
  readonly title?: string | undefined
  readonly nickname?: string | undefined
  readonly signature?: string | undefined
}

/**
 * Has WeChat judge a text of up to 2,500 characters (version 2). Risky text comes with errcode 0.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck.html
 */
export const checkText = defineEndpoint({
  method: 'POST',
  path: '/wxa/msg_sec_check',
  credential: 'accessToken',
  effect: 'read',
  cloudCall: 'security.msgSecCheck',
  accepts: [RISKY],
  request: ({ title, nickname, signature, ...text }: TextToCheck) => ({
    body: {
      version: 2,
      ...text,
      ...(title && { title }),
      ...(nickname && { nickname }),
      ...(signature && { signature }),
    },
  }),
  response(json): Verdict & { readonly traceId?: string } {
    // Version 1 says so in its errcode; it is a verdict all the same, and no failure.
    if (errcodeOf(json) === RISKY) return { suggest: 'risky' }

    const traceId = readOptionalText(json, 'trace_id')
    return { ...toVerdict(readObject(json, 'result')), ...(traceId && { traceId }) }
  },
})
