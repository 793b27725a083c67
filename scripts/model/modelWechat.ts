import { createAccessTokens } from '../simulator/accessTokens.ts'
import { ApiError } from '../simulator/apiError.ts'
import { signSession } from '../simulator/sessionCrypto.ts'
import type { Chance } from './chance.ts'

export type ModelWechat = ReturnType<typeof createModelWechat>

/** One session key that WeChat gave out. */
export type IssuedKey = { readonly openid: string; readonly sessionKey: string; readonly atMs: number }

export type WechatRequest = {
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

export const TOKEN_PATHS: ReadonlySet<string> = new Set(['/cgi-bin/token', '/cgi-bin/stable_token'])
export const CHECK_PATH = '/wxa/msg_sec_check'
export const LOGIN_PATH = '/sns/jscode2session'

/** WeChat's side of what the machines need, at the true time. Tokens follow the simulator's rules. */
export function createModelWechat(nowMs: () => number, chance: Chance) {
  const tokens = createAccessTokens(nowMs)
  /** Whom each code stands for, until it is used. */
  const codes = new Map<string, string | 'used'>()
  const keys: IssuedKey[] = []

  const keyOf = (openid: string) => keys.findLast((issued) => issued.openid === openid)

  function issueKey(openid: string): IssuedKey {
    const key = { openid, sessionKey: Buffer.from(chance.bytes(16)).toString('base64'), atMs: nowMs() }
    keys.push(key)
    return key
  }

  function redeem(code: string): string {
    const openid = codes.get(code)
    if (openid === undefined) throw new ApiError(40029, 'invalid code')
    if (openid === 'used') throw new ApiError(40163, 'code been used')

    codes.set(code, 'used')
    return openid
  }

  function answerOf({ path, query, body }: WechatRequest): Record<string, unknown> {
    switch (path) {
      case '/cgi-bin/token':
        return toAnswer(tokens.nextClassic())
      case '/cgi-bin/stable_token':
        return toAnswer(body.force_refresh === true ? tokens.forceStable() : tokens.currentStable())
      case LOGIN_PATH: {
        const openid = redeem(query.get('js_code') ?? '')
        return { openid, session_key: issueKey(openid).sessionKey }
      }
      case CHECK_PATH:
        tokens.check(query.get('access_token') ?? undefined)
        return { errcode: 0, errmsg: 'ok', result: { suggest: 'pass', label: 100 }, trace_id: 'trace' }
      case '/wxa/checksession': {
        tokens.check(query.get('access_token') ?? undefined)
        const sessionKey = keyOf(query.get('openid') ?? '')?.sessionKey
        const isValid = sessionKey !== undefined && query.get('signature') === signSession('', sessionKey)
        return isValid ? { errcode: 0, errmsg: 'ok' } : { errcode: 87009, errmsg: 'invalid signature' }
      }
      default:
        throw new Error(`the model has no ${path}`)
    }
  }

  return {
    tokens,
    /** Every session key so far, the living one of each user last. */
    keys: keys as readonly IssuedKey[],
    /** A user's phone calls `wx.login`. */
    issueCode(openid: string): string {
      const code = `code-${codes.size + 1}`
      codes.set(code, openid)
      return code
    },

    answer(request: WechatRequest): Record<string, unknown> {
      try {
        return answerOf(request)
      } catch (thrown) {
        if (!(thrown instanceof ApiError)) throw thrown
        return { errcode: thrown.errcode, errmsg: thrown.message }
      }
    },
  }
}

const toAnswer = ({ value, expiresInSeconds }: { value: string; expiresInSeconds: number }) => ({
  access_token: value,
  expires_in: expiresInSeconds,
})
