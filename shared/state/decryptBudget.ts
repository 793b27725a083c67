import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import { type Account, type AccountSlot, updateAccount } from './accounts.ts'
import type { Records } from './records.ts'
import { liveSessionKeys } from './sessionKeys.ts'

const WINDOW_MS = 600_000
const MAX_FAILURES = 10

const recentFailures = ({ decryptFailuresAtMs }: Account, nowMs: number): readonly number[] =>
  decryptFailuresAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS)

/**
 * Refuses further decryptions after ten failures in ten minutes, so that nobody can search for a padding
 * or a key by trying.
 *
 * @throws Problem `RATE_LIMITED`
 */
export function requireDecryptBudget(account: Account, nowMs: number): void {
  const failures = recentFailures(account, nowMs)
  const [oldest] = failures
  if (oldest !== undefined && failures.length >= MAX_FAILURES) {
    throw new Problem('RATE_LIMITED', { retryAfterMs: Math.min(WINDOW_MS, oldest + WINDOW_MS - nowMs) })
  }
}

/**
 * Notes that a decryption failed just now. Of failures that race, those beyond the budget are refused like
 * any other, and so are those that a logout overtook: trying in parallel teaches no more than trying in turn.
 *
 * @throws Problem `RATE_LIMITED`, `SESSION_EXPIRED`
 */
export const noteDecryptFailure = (
  { records, clock }: { readonly records: Records; readonly clock: Clock },
  openid: string,
  seen?: AccountSlot,
): Promise<void> =>
  updateAccount(
    records,
    openid,
    (account) => {
      const nowMs = clock.nowMs()
      liveSessionKeys(account, nowMs)
      if (!account) return undefined

      requireDecryptBudget(account, nowMs)
      return { ...account, decryptFailuresAtMs: [...recentFailures(account, nowMs), nowMs] }
    },
    seen,
  )
