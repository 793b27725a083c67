import * as z from 'zod/mini'
import { readCallerAccount } from '../../shared/function/callerAccount.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { liveSessionKeys } from '../../shared/state/sessionKeys.ts'
import { checkSessionKey } from '../../shared/wechat/endpoints/checkSessionKey.ts'

const input = z.strictObject({})

export type CheckSessionInput = z.input<typeof input>

export type CheckSessionOutput = {
  /** Whether WeChat still accepts the session key behind our session. When not, call `wx.login` again. */
  readonly valid: boolean
}

/**
 * Asks WeChat whether the user's session key still lives. That our own session lives is a condition of
 * being answered at all.
 *
 * Fails with `UNAUTHENTICATED` for an unknown token and `SESSION_EXPIRED` for a session that ran out.
 */
export default defineFunction({
  name: 'checkSession',
  access: ['user'],
  input,
  uses: { checkSessionKey },
  timeoutSeconds: 10,

  async handle({ caller, records, wechat, clock }): Promise<CheckSessionOutput> {
    const { value: account } = await readCallerAccount(caller, records)
    const [sessionKey] = liveSessionKeys(account, clock.nowMs())
    const { isValid } = await wechat.checkSessionKey({ openid: caller.openid, sessionKey })
    return { valid: isValid }
  },
})
