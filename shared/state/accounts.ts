import { sha256Base64Url } from '../core/digest.ts'
import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Records, Slot } from './records.ts'

/**
 * All that is kept of a user, in one record, so that every rule about sessions is one conditional write:
 * a login, a logout and a logout everywhere that race have one order, and the last one holds.
 */
export type Account = {
  readonly openid: string
  readonly unionid?: string
  readonly sessions: readonly Session[]
  /** WeChat keeps one session_key per user, so it belongs to the account and not to a session. */
  readonly sessionKey: string
  /** When WeChat was asked for that key: of two logins the one that asked later has the key that lives. */
  readonly keyAskedAtMs: number
  /** The key before a parallel login changed it, honoured for what the phone encrypted meanwhile. */
  readonly previousKey?: { readonly sessionKey: string; readonly untilMs: number }
  readonly decryptFailuresAtMs: readonly number[]
}

type Session = { readonly id: string; readonly expiresAtMs: number }

export type AccountSlot = Slot<Account>

type State = { readonly records: Records; readonly clock: Clock; readonly random: Random }

const TOKEN_SHAPE = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/
const MAX_SESSIONS = 100
const PREVIOUS_KEY_MS = 300_000
/** How long a session that ran out is told from one that never was. */
const MEMORY_MS = 7 * 86_400_000

/** The account's name in the store and in its tokens: tells nothing of the openid. */
const handleOf = (openid: string): string => sha256Base64Url(openid).slice(0, 22)

const sessionIdOf = (token: string): string => sha256Base64Url(token)

/** Whether a text could be a session token of ours at all. */
export const isSessionToken = (text: string): boolean => TOKEN_SHAPE.test(text)

/** The account of a user; an empty slot when we know none. */
export const readAccount = (records: Records, openid: string): Promise<AccountSlot> =>
  records.read<Account>('account', handleOf(openid))

/** A user as WeChat has just told who it is, with the moment at which it was asked. */
export type LoggedInUser = {
  readonly openid: string
  readonly unionid?: string
  readonly sessionKey: string
  readonly askedAtMs: number
}

/**
 * Opens a session after WeChat has exchanged a code.
 *
 * The token is the account's handle and 256 random bits; only its hash is stored.
 *
 * @throws Problem `STATE_UNAVAILABLE`
 */
export async function openSession(
  { records, clock, random }: State,
  { sessionKey, askedAtMs, ...user }: LoggedInUser,
  ttlSeconds: number,
): Promise<{ token: string; expiresAtMs: number }> {
  const token = `${handleOf(user.openid)}.${Buffer.from(random.bytes(32)).toString('base64url')}`
  const nowMs = clock.nowMs()
  const session = { id: sessionIdOf(token), expiresAtMs: nowMs + ttlSeconds * 1000 }

  await update(records, user.openid, (account) => {
    const remembered = account?.sessions.filter(({ expiresAtMs }) => expiresAtMs > nowMs - MEMORY_MS) ?? []
    const sessions = [...remembered, session].slice(-MAX_SESSIONS)
    return {
      ...user,
      sessions,
      ...keysAfter(account, { sessionKey, askedAtMs }, nowMs),
      decryptFailuresAtMs: [],
    }
  })
  return { token, expiresAtMs: session.expiresAtMs }
}

type Keys = Pick<Account, 'sessionKey' | 'keyAskedAtMs' | 'previousKey'>

/** A login that is late to store, or was frozen meanwhile, does not displace the key of a later one. */
function keysAfter(
  account: Account | undefined,
  { sessionKey, askedAtMs }: Pick<LoggedInUser, 'sessionKey' | 'askedAtMs'>,
  nowMs: number,
): Keys {
  const fresh = { sessionKey, keyAskedAtMs: askedAtMs }
  if (!account || liveSessions(account, nowMs).length === 0) return fresh

  const { previousKey, keyAskedAtMs } = account
  if (account.sessionKey === sessionKey) return { ...fresh, ...(previousKey && { previousKey }) }

  const before = { sessionKey: account.sessionKey, keyAskedAtMs }
  const [current, former] = askedAtMs >= keyAskedAtMs ? [fresh, before] : [before, fresh]
  return { ...current, previousKey: { sessionKey: former.sessionKey, untilMs: nowMs + PREVIOUS_KEY_MS } }
}

/**
 * Finds whose session a token stands for.
 *
 * @throws Problem `UNAUTHENTICATED` for an unknown token, `SESSION_EXPIRED` for a session that ran out
 */
export async function findSession(
  records: Records,
  token: string,
  nowMs: number,
): Promise<{ id: string; slot: AccountSlot; account: Account }> {
  if (!isSessionToken(token)) throw new Problem('UNAUTHENTICATED')

  const id = sessionIdOf(token)
  const slot = await records.read<Account>('account', token.slice(0, 22))
  const session = slot.value?.sessions.find((candidate) => candidate.id === id)
  if (!slot.value || !session) throw new Problem('UNAUTHENTICATED')
  if (session.expiresAtMs <= nowMs) throw new Problem('SESSION_EXPIRED')

  return { id, slot, account: slot.value }
}

const liveSessions = (account: Account, nowMs: number): readonly Session[] =>
  account.sessions.filter((session) => session.expiresAtMs > nowMs)

/**
 * The keys that the user's phone may have encrypted or signed with, the current one first.
 *
 * @throws Problem `SESSION_EXPIRED` when we hold none
 */
export function liveSessionKeys(account: Account | undefined, nowMs: number): readonly [string, ...string[]] {
  if (!account || liveSessions(account, nowMs).length === 0) throw new Problem('SESSION_EXPIRED')

  const { sessionKey, previousKey } = account
  return previousKey && previousKey.untilMs > nowMs ? [sessionKey, previousKey.sessionKey] : [sessionKey]
}

/**
 * Ends one session, or all of them; the keys die with the last, the previous key with any.
 *
 * @returns how many living sessions were ended
 */
export async function endSessions(
  { records, clock }: Omit<State, 'random'>,
  openid: string,
  which: { readonly sessionId: string } | 'all',
): Promise<number> {
  const nowMs = clock.nowMs()
  let revoked = 0
  await update(records, openid, (account) => {
    if (!account) return undefined

    const kept = account.sessions.filter(({ id }) => which !== 'all' && id !== which.sessionId)
    const ended = account.sessions.length - kept.length
    revoked = liveSessions(account, nowMs).length - liveSessions({ ...account, sessions: kept }, nowMs).length
    if (ended === 0) return undefined

    const { previousKey: _dies, ...rest } = account
    return { ...rest, sessions: kept }
  })
  return revoked
}

/**
 * Notes that a decryption failed just now. Of failures that race, those beyond the budget are refused like
 * any other, so that trying in parallel teaches no more than trying in turn.
 *
 * @throws Problem `RATE_LIMITED`
 */
export const noteDecryptFailure = (
  { records, clock }: Omit<State, 'random'>,
  openid: string,
): Promise<void> =>
  update(records, openid, (account) => {
    if (!account) return undefined

    const nowMs = clock.nowMs()
    requireDecryptBudget(account, nowMs)
    return { ...account, decryptFailuresAtMs: [...recentFailures(account, nowMs), nowMs] }
  })

const FAILURE_WINDOW_MS = 600_000
const MAX_FAILURES = 10

const recentFailures = (account: Account, nowMs: number): readonly number[] =>
  account.decryptFailuresAtMs.filter((atMs) => nowMs - atMs < FAILURE_WINDOW_MS)

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
    throw new Problem('RATE_LIMITED', { retryAfterMs: oldest + FAILURE_WINDOW_MS - nowMs })
  }
}

const update = (
  records: Records,
  openid: string,
  change: (account: Account | undefined) => Account | undefined,
): Promise<void> =>
  records.update<Account>('account', handleOf(openid), (before) => {
    const value = change(before)
    return value && { value, expiresAtMs: endOf(value) }
  })

/** An account without sessions ends at once, and its keys with it. */
const endOf = ({ sessions }: Account): number =>
  sessions.length === 0 ? 0 : Math.max(...sessions.map((session) => session.expiresAtMs)) + MEMORY_MS
