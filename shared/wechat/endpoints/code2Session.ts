import { Problem } from '../../core/problem.ts'
import { defineEndpoint } from '../endpoint.ts'
import { readOptionalText, readText } from '../readAnswer.ts'

/** 16 bytes in canonical base64. */
const SESSION_KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/**
 * Exchanges the one-time code of `wx.login` for the user's identity and session key.
 *
 * Never repeated once sent: WeChat accepts a code once, so a repeat after a lost answer could only fail
 * and would hide the cause.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html
 */
export const code2Session = defineEndpoint({
  method: 'GET',
  path: '/sns/jscode2session',
  credential: 'appSecret',
  effect: 'code',
  problems: { 40029: 'CODE_INVALID', 40163: 'CODE_USED' },
  request: ({ code }: { readonly code: string }, { appId, appSecret }) => ({
    query: { appid: appId, secret: appSecret.reveal(), js_code: code, grant_type: 'authorization_code' },
  }),
  response(json) {
    const sessionKey = readText(json, 'session_key')
    if (!SESSION_KEY.test(sessionKey))
      throw new Problem('UPSTREAM_BAD_RESPONSE', { detail: 'session_key is not 16 bytes' })

    const unionid = readOptionalText(json, 'unionid')
    return { openid: readText(json, 'openid'), sessionKey, ...(unionid && { unionid }) }
  },
})
