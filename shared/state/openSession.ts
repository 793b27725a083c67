import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { type Account, EXPIRED_MEMORY_MS, type Session, updateAccount } from './accounts.ts'
import type { Records } from './records.ts'
import { isRevokedDuring, type LoginAttempt, withoutSessions } from './revocations.ts'
import { keysAfterLogin } from './sessionKeys.ts'
import { findReused } from './sessions.ts'
import { createSessionToken, sessionIdOf } from './sessionToken.ts'

type State = { readonly records: Records; readonly clock: Clock; readonly random: Random }

/** A user as WeChat has just told who it is. */
export type LoggedInUser = { readonly openid: string; readonly unionid?: string; readonly sessionKey: string }

const MAX_SESSIONS = 100
const MAX_FORMER_TOKENS = 10

/**
 * Opens a session after WeChat has exchanged a code.
 *
 * The session whose token the caller brought along goes on under the new token, in the same write, if it is
 * the user's own; even one that ran out, because by another instance's clock it may not have. The user's
 * other sessions are left alone.
 *
 * @throws Problem `SESSION_EXPIRED` when the user logged out meanwhile; `STATE_UNAVAILABLE`
 */
export async function openSession(
  { records, clock, random }: State,
  { sessionKey, ...user }: LoggedInUser,
  attempt: LoginAttempt,
  ttlSeconds: number,
): Promise<{ token: string; expiresAtMs: number }> {
  const token = createSessionToken(user.openid, random)
  const expiresAtMs = clock.nowMs() + ttlSeconds * 1000

  await updateAccount(records, user.openid, (found) => {
    const nowMs = clock.nowMs()
    requireUnderWay(found, attempt, nowMs)

    const account = found && withoutReused(found, attempt, nowMs)
    const replaced = account?.sessions.find(({ id }) => id === attempt.claimedSessionId)
    const others = account?.sessions.filter(
      (session) => session !== replaced && session.expiresAtMs > nowMs - EXPIRED_MEMORY_MS,
    )
    const opened = {
      id: sessionIdOf(token),
      expiresAtMs,
      usedAtMs: nowMs,
      ...(replaced && { former: formerTokensAfter(replaced, nowMs) }),
    }
    return {
      ...user,
      sessions: [...(others ?? []), opened].slice(-MAX_SESSIONS),
      keys: keysAfterLogin(account, { sessionKey, ...attempt }, nowMs),
      decryptFailuresAtMs: [],
      ...(account?.revocations && { revocations: account.revocations }),
    }
  })
  return { token, expiresAtMs }
}

/** Asked before each write, because an instance can be frozen between any two steps and go on much later. */
function requireUnderWay(account: Account | undefined, attempt: LoginAttempt, nowMs: number): void {
  if (nowMs >= attempt.deadlineAtMs)
    throw new Problem('STATE_UNAVAILABLE', { detail: 'the login is past its deadline' })
  if (account && isRevokedDuring(account, attempt))
    throw new Problem('SESSION_EXPIRED', { reason: 'logged out during the login' })
}

/** A copy of a replaced token tells as much on a login as it does on any other call. */
function withoutReused(account: Account, { claimedSessionId }: LoginAttempt, nowMs: number): Account {
  const reused = findReused(account, claimedSessionId, nowMs)
  return reused ? withoutSessions(account, [reused], nowMs) : account
}

const formerTokensAfter = ({ id, former = [] }: Session, replacedAtMs: number) =>
  [...former, { id, replacedAtMs }].slice(-MAX_FORMER_TOKENS)
