import { Problem } from '../core/problem.ts'
import type { Account, SessionKeys } from './accounts.ts'

const PREVIOUS_KEY_MS = 300_000

/** A session_key as WeChat has just told it, between being asked and the end of the call that asked. */
type FreshKey = { readonly sessionKey: string; readonly askedAtMs: number; readonly deadlineAtMs: number }

/**
 * The keys of an account after a login.
 *
 * Of two logins the one that asked WeChat later has the key that lives, so a login that is late to store
 * does not displace it. A key that was asked for after this call's end is not later: the clocks differ.
 */
export function keysAfterLogin(
  account: Account | undefined,
  { sessionKey, askedAtMs, deadlineAtMs }: FreshKey,
  nowMs: number,
): SessionKeys {
  const fresh = { current: sessionKey, askedAtMs }
  const before = account && livingKeys(account, nowMs)
  if (!before) return fresh
  if (before.current === sessionKey) return { ...before, askedAtMs }

  const isOvertaken = before.askedAtMs > askedAtMs && before.askedAtMs <= deadlineAtMs
  const [latest, former] = isOvertaken ? [before, fresh] : [fresh, before]
  return {
    current: latest.current,
    askedAtMs: latest.askedAtMs,
    previous: { key: former.current, untilMs: nowMs + PREVIOUS_KEY_MS },
  }
}

/**
 * The keys that the user's phone may have encrypted or signed with, the current one first.
 *
 * @throws Problem `SESSION_EXPIRED` when we hold none
 */
export function liveSessionKeys(account: Account | undefined, nowMs: number): readonly [string, ...string[]] {
  const keys = account && livingKeys(account, nowMs)
  if (!keys) throw new Problem('SESSION_EXPIRED')

  const { current, previous } = keys
  return previous && previous.untilMs > nowMs ? [current, previous.key] : [current]
}

/** A key lives as long as any session may, used or not: it is WeChat's and not a token of ours. */
const livingKeys = ({ sessions, keys }: Account, nowMs: number): SessionKeys | undefined =>
  sessions.some(({ expiresAtMs }) => expiresAtMs > nowMs) ? keys : undefined
