import { sessionSignature } from '../../core/sessionSignature.ts'
import { defineEndpoint } from '../endpoint.ts'
import { errcodeOf } from '../errcodes.ts'
import { requireAnswer } from '../readAnswer.ts'

const KEY_GONE = 87007
const SIGNATURE_WRONG = 87009

/**
 * Asks whether WeChat still accepts a user's session key, which proves itself by a signature.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_checksessionkey.html
 */
export const checkSessionKey = defineEndpoint({
  method: 'GET',
  path: '/wxa/checksession',
  credential: 'accessToken',
  effect: 'read',
  accepts: [KEY_GONE, SIGNATURE_WRONG],
  request: ({ openid, sessionKey }: { readonly openid: string; readonly sessionKey: string }) => ({
    query: { openid, signature: sessionSignature(sessionKey, ''), sig_method: 'hmac_sha256' },
  }),
  response: (json) => {
    requireAnswer(json)
    return { isValid: errcodeOf(json) === 0 }
  },
})
