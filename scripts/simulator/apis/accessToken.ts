import type { IssuedToken } from '../accessTokens.ts'
import { type Api, type ApiCall, answerJson } from '../api.ts'
import { ApiError } from '../apiError.ts'

/** GET /cgi-bin/token: a new token at every call. */
export const getAccessToken: Api = {
  method: 'GET',
  credential: 'appSecret',

  handle(wechat, call) {
    requireGrantType(call.query.grant_type)
    return answerToken(wechat.accessTokens.nextClassic(), call)
  },
}

/** POST /cgi-bin/stable_token: the shared token with the seconds that remain, a new one near its end or by force. */
export const getStableAccessToken: Api = {
  method: 'POST',
  body: 'json',
  credential: 'appSecret',
  perMinute: { calls: 10_000, errcode: 45011 },
  perDay: 500_000,

  handle({ accessTokens }, call) {
    requireGrantType(call.json.grant_type)
    const token = call.json.force_refresh === true ? accessTokens.forceStable() : accessTokens.currentStable()
    return answerToken(token, call)
  },
}

function requireGrantType(grantType: unknown): void {
  if (grantType !== 'client_credential') throw new ApiError(40002, 'invalid grant_type')
}

/** The effect is the making of a token: handing out the same one again is none. */
function answerToken({ value, expiresInSeconds, isNew }: IssuedToken, { took }: ApiCall) {
  if (isNew) took()
  return answerJson({ access_token: value, expires_in: expiresInSeconds })
}
