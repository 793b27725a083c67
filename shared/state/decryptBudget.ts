import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import { type Account, type AccountSlot, updateAccount } from './accounts.ts'
import type { Records } from './records.ts'
import { liveSessionKeys } from './sessionKeys.ts'

/** Whose failures: those of a session, or of the calls for which the platform itself vouches. */
type Attempts = { readonly openid: string; readonly sessionId?: string | undefined }

const WINDOW_MS = 600_000
const MAX_FAILURES = 10

/**
 * Refuses further decryptions after ten failures in ten minutes, so that nobody can search for a padding
 * or a key by trying.
 *
 * @throws Problem `RATE_LIMITED`
 */
export function requireDecryptBudget(account: Account, sessionId: string | undefined, nowMs: number): void {
  const failures = recentFailures(account, sessionId, nowMs)
  const [oldest] = failures
  if (oldest !== undefined && failures.length >= MAX_FAILURES) {
    throw new Problem('RATE_LIMITED', { retryAfterMs: Math.min(WINDOW_MS, oldest + WINDOW_MS - nowMs) })
  }
}

/**
 * Notes that a decryption failed just now. Of failures that race, those beyond the budget are refused like
 * any other, and so are those that a logout overtook: trying in parallel teaches no more than trying in turn.
 *
 * @param seen the account as it was read before in this call
 * @throws Problem `RATE_LIMITED`, `SESSION_EXPIRED`, `UNAUTHENTICATED`
 */
export function noteDecryptFailure(
  { records, clock }: { readonly records: Records; readonly clock: Clock },
  { openid, sessionId }: Attempts,
  seen?: AccountSlot,
): Promise<void> {
  const note = (account: Account | undefined): Account | undefined => {
    const nowMs = clock.nowMs()
    liveSessionKeys(account, nowMs)
    if (!account) return undefined

    requireDecryptBudget(account, sessionId, nowMs)
    return withFailures(account, sessionId, [...recentFailures(account, sessionId, nowMs), nowMs])
  }
  return updateAccount(records, openid, note, seen)
}

function recentFailures(account: Account, sessionId: string | undefined, nowMs: number): readonly number[] {
  const counted = sessionId === undefined ? account : account.sessions.find(({ id }) => id === sessionId)
  // Logged out or replaced meanwhile: its token is no longer one.
  if (!counted) throw new Problem('UNAUTHENTICATED')

  return (counted.decryptFailuresAtMs ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS)
}

const withFailures = (
  account: Account,
  sessionId: string | undefined,
  decryptFailuresAtMs: readonly number[],
): Account =>
  sessionId === undefined
    ? { ...account, decryptFailuresAtMs }
    : {
        ...account,
        sessions: account.sessions.map((session) =>
          session.id === sessionId ? { ...session, decryptFailuresAtMs } : session,
        ),
      }
