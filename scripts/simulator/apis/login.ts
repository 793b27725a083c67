import { type Api, answerJson, answerOk, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'
import { signSession } from '../sessionCrypto.ts'
import { rotateSessionKey, type User } from '../users.ts'
import type { Wechat } from '../wechat.ts'

/** GET /sns/jscode2session: a login code for openid and session key, once. Answers `text/plain`, as WeChat does. */
export const code2Session: Api = {
  method: 'GET',
  credential: 'appSecret',
  contentType: 'text/plain',

  handle(wechat, { query, took }) {
    if (query.grant_type !== 'authorization_code') throw new ApiError(40002, 'invalid grant_type')
    const code = query.js_code
    if (!code) throw new ApiError(41008, 'missing code')

    const found = wechat.loginCodes.look(code)
    if (found === 'used') throw new ApiError(40163, 'code been used')
    if (found === 'unknown') throw new ApiError(40029, 'invalid code')

    took()
    wechat.loginCodes.spend(code)
    const { subject: user } = found
    const sessionKey = (wechat.keepsSessionKeys && user.sessionKey) || rotateSessionKey(user)
    return answerJson({ session_key: sessionKey, openid: user.openid, unionid: user.unionid }, 'text/plain')
  },
}

/** GET /wxa/checksession: whether the caller holds the living session key of a user. */
export const checkSession: Api = {
  method: 'GET',
  credential: 'accessToken',

  handle(wechat, { query, took }) {
    findUserWithSession(wechat, query, 87009)
    took()
    return answerOk()
  },
}

/** GET /wxa/resetusersessionkey: replaces the session key of a user. */
export const resetUserSessionKey: Api = {
  method: 'GET',
  credential: 'accessToken',
  perMinute: { calls: 60_000, errcode: 45011 },

  handle(wechat, { query, took }) {
    const user = findUserWithSession(wechat, query, 87007)
    took()
    return answerOk({ openid: user.openid, session_key: rotateSessionKey(user) })
  },
}

function findUserWithSession(
  wechat: Wechat,
  query: Readonly<Record<string, string>>,
  errcodeIfNone: number,
): User {
  const user = wechat.users.withOpenid(readText(query, 'openid'))
  if (!user) throw new ApiError(40003, 'invalid openid')
  if (query.sig_method !== 'hmac_sha256') throw new ApiError(87008, 'invalid sig_method')
  if (!user.sessionKey) throw new ApiError(errcodeIfNone, 'session_key not existed or expired')
  if (query.signature !== signSession('', user.sessionKey)) throw new ApiError(87009, 'invalid signature')
  return user
}
