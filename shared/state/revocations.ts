import { type Account, REVOCATION_MEMORY_MS, type Revocation, type Session } from './accounts.ts'

/** A login that is under way. */
export type LoginAttempt = {
  /** When WeChat was asked for the user behind the code. */
  readonly askedAtMs: number
  /** By when the session is stored, or never will be. */
  readonly deadlineAtMs: number
  /** The session whose token the caller brought along, if it is one. */
  readonly claimedSessionId?: string | undefined
}

const MAX_REVOCATIONS = 20

/** The account once sessions of it are ended. The previous key dies with any of them, all keys with the last. */
export function withoutSessions(
  { keys, ...account }: Account,
  ended: readonly Session[] | 'all',
  nowMs: number,
): Account {
  const sessions = ended === 'all' ? [] : account.sessions.filter((session) => !ended.includes(session))
  const revocation = { atMs: nowMs, ...(ended !== 'all' && { sessionIds: ended.flatMap(idsOf) }) }
  const isRemembered = ({ atMs }: Revocation) => atMs > nowMs - REVOCATION_MEMORY_MS
  const remembered = (account.revocations ?? []).filter(isRemembered)

  return {
    ...account,
    sessions,
    ...(keys && sessions.length > 0 && { keys: { current: keys.current, askedAtMs: keys.askedAtMs } }),
    revocations: [...remembered, revocation].slice(-MAX_REVOCATIONS),
  }
}

const idsOf = ({ id, former = [] }: Session): readonly string[] => [id, ...former.map((token) => token.id)]

/**
 * Whether the user has logged out while a login was under way: everywhere, or of the very session that the
 * login is about to replace.
 *
 * The clocks of two instances may differ by minutes, and nothing else tells which came first. But a login is
 * under way for seconds: a logout that seems to be outside of them is taken for one of before.
 */
export const isRevokedDuring = (
  { revocations = [] }: Account,
  { askedAtMs, deadlineAtMs, claimedSessionId }: LoginAttempt,
): boolean =>
  revocations.some(
    ({ atMs, sessionIds }) =>
      atMs >= askedAtMs &&
      atMs <= deadlineAtMs &&
      (!sessionIds || (claimedSessionId !== undefined && sessionIds.includes(claimedSessionId))),
  )
