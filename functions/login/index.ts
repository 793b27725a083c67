import * as z from 'zod/mini'
import { sha256Base64Url } from '../../shared/core/digest.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { oneTimeCode } from '../../shared/function/fields.ts'
import { openSession } from '../../shared/state/openSession.ts'
import { code2Session } from '../../shared/wechat/endpoints/code2Session.ts'

const input = z.strictObject({
  code: z.optional(oneTimeCode(128)),
})

export type LoginInput = z.input<typeof input>

export type LoginOutput = {
  readonly openid: string
  readonly unionid?: string
  /** Ours, opaque. Present whenever a code was exchanged. */
  readonly token?: string
  readonly expiresAtMs?: number
}

const CODE_LIFE_MS = 600_000

/**
 * Signs a user in with the one-time code of `wx.login`.
 *
 * The session key stays in the state store; the client gets only our own opaque token. Called through
 * `wx.cloud.callFunction` the code may be left out: the platform already vouches for the user, who then
 * has an openid but neither token nor session key.
 *
 * Every login has a new token. Over HTTP, the session whose token comes along as `Authorization` goes on under
 * the new one; a token that is no longer good, or not this user's, means nothing here.
 *
 * Fails with `CODE_INVALID`, `CODE_USED`, `CODE_OUTCOME_UNKNOWN`, `RISK_BLOCKED`, `RATE_LIMITED`; with
 * `FORBIDDEN` when the code is another user's; with `SESSION_EXPIRED` when the user logged out meanwhile.
 */
export default defineFunction({
  name: 'login',
  access: ['anonymous', 'user'],
  input,
  uses: { code2Session },
  timeoutSeconds: 10,

  async handle(
    { caller, records, wechat, clock, random, config, requestId, deadlineAtMs },
    { code },
  ): Promise<LoginOutput> {
    if (code === undefined) {
      if (caller.kind === 'anonymous') throw invalidArgument('code', 'is missing')
      return { openid: caller.openid, ...(caller.unionid && { unionid: caller.unionid }) }
    }
    // A code is spent by asking. So what would keep us from opening the session is found out before.
    const { sessionTtlSeconds } = config
    const journal = records.empty('loginCode', sha256Base64Url(code))
    await records.write(journal, { requestId }, clock.nowMs() + CODE_LIFE_MS)

    const askedAtMs = clock.nowMs()
    const user = await wechat.code2Session({ code })
    if (caller.kind === 'user' && caller.openid !== user.openid) {
      throw new Problem('FORBIDDEN', { reason: 'the code belongs to another user' })
    }
    const claimedSessionId = caller.kind === 'anonymous' ? caller.claimedSessionId : undefined
    const { token, expiresAtMs } = await openSession(
      { records, clock, random },
      user,
      { askedAtMs, deadlineAtMs, claimedSessionId },
      sessionTtlSeconds,
    ).catch(throwAfterTheCode)
    return { openid: user.openid, ...(user.unionid && { unionid: user.unionid }), token, expiresAtMs }
  },
})

/** "Try again" is no answer once the code is spent. */
function throwAfterTheCode(thrown: unknown): never {
  if (!(thrown instanceof Problem) || thrown.code !== 'STATE_UNAVAILABLE') throw thrown

  throw new Problem('CODE_OUTCOME_UNKNOWN', {
    message: 'The code is spent, but the session could not be stored. Ask the client for a new code.',
    detail: thrown.options.detail ?? thrown.message,
  })
}
