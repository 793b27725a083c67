import { Problem } from '../core/problem.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { Clock } from '../ports/clock.ts'
import {
  type Account,
  type AccountSlot,
  readAccountByHandle,
  type Session,
  updateAccount,
  writeAccount,
} from './accounts.ts'
import { isStoreAbsent, type Records } from './records.ts'
import { withoutSessions } from './revocations.ts'
import { claimedHandleOf, isSessionToken, sessionIdOf } from './sessionToken.ts'

type State = { readonly records: Records; readonly clock: Clock }

/** What a client had under way when its token was replaced is no sign of a thief, nor are clocks that differ. */
const REUSE_GRACE_MS = 300_000
const NOTE_USE_WAIT_MS = 250

/** Whether the token of a session is still good. */
const isLive = ({ expiresAtMs, usedAtMs }: Session, idleSeconds: number, nowMs: number): boolean =>
  expiresAtMs > nowMs && nowMs - usedAtMs < idleSeconds * 1000

/** The session that has replaced a token which is now used again, so long after that two must have it. */
export const findReused = (
  { sessions }: Account,
  claimedId: string | undefined,
  nowMs: number,
): Session | undefined =>
  sessions.find(({ former }) =>
    former?.some(({ id, replacedAtMs }) => id === claimedId && nowMs - replacedAtMs >= REUSE_GRACE_MS),
  )

/**
 * Finds whose session a token stands for, with one read, and now and then writes down that it is in use.
 *
 * A token that was replaced is refused. Five minutes after it was replaced its use means that somebody has kept
 * a copy, and nobody can tell who: the session that goes on from it is ended too.
 *
 * @throws Problem `UNAUTHENTICATED` for an unknown token, `SESSION_EXPIRED` for a session that ran out or
 * was not used for too long, `STATE_UNAVAILABLE`
 */
export async function useSession(
  { records, clock }: State,
  token: string,
  idleSeconds: number,
): Promise<{ id: string; account: Account; slot: AccountSlot }> {
  if (!isSessionToken(token)) throw new Problem('UNAUTHENTICATED')

  const id = sessionIdOf(token)
  const slot = await readAccountByHandle(records, claimedHandleOf(token))
  const account = slot.value
  const session = account?.sessions.find((candidate) => candidate.id === id)
  const nowMs = clock.nowMs()
  if (account && findReused(account, id, nowMs)) {
    await endSessions({ records, clock }, account.openid, { sessionId: id }, idleSeconds)
    throw new Problem('UNAUTHENTICATED', { detail: 'a replaced token was used: its session is ended' })
  }
  if (!account || !session) throw new Problem('UNAUTHENTICATED')
  if (!isLive(session, idleSeconds, nowMs)) throw new Problem('SESSION_EXPIRED')

  if (nowMs - session.usedAtMs >= noteUseAfterMs(idleSeconds)) {
    await noteUse({ records, clock }, { ...slot, value: account }, session)
  }
  return { id, account, slot }
}

/** A tenth of the limit, by which a session may end early. */
const noteUseAfterMs = (idleSeconds: number): number => idleSeconds * 100

/**
 * Writes only over what was read, so whatever came between has precedence. The session lives as it is:
 * that this could not be written, or not soon, is nothing to fail or to wait for.
 */
async function noteUse(
  { records, clock }: State,
  slot: AccountSlot & { readonly value: Account },
  used: Session,
): Promise<void> {
  const nowMs = clock.nowMs()
  const sessions = slot.value.sessions.map((session) =>
    session === used ? { ...session, usedAtMs: nowMs } : session,
  )
  const written = writeAccount(records, slot, { ...slot.value, sessions })
  const late = () => new Problem('STATE_UNAVAILABLE')
  await withinDeadline(written, clock, nowMs + NOTE_USE_WAIT_MS, late).catch((thrown) => {
    if (!isStoreAbsent(thrown)) throw thrown
  })
}

/**
 * Ends one session, under whatever token it goes by now, or all of them.
 *
 * @returns how many living sessions were ended
 * @throws Problem `STATE_UNAVAILABLE`
 */
export async function endSessions(
  { records, clock }: State,
  openid: string,
  which: { readonly sessionId: string } | 'all',
  idleSeconds: number,
  seen?: AccountSlot,
): Promise<number> {
  let revoked = 0
  const end = (found: Account | undefined): Account | undefined => {
    const nowMs = clock.nowMs()
    const account = found ?? { openid, sessions: [], decryptFailuresAtMs: [] }
    const ended = account.sessions.filter((session) => which === 'all' || hasToken(session, which.sessionId))
    revoked = ended.filter((session) => isLive(session, idleSeconds, nowMs)).length
    // Even where there is nothing to end, a first login may be under way.
    if (which === 'all') return withoutSessions(account, 'all', nowMs)

    return ended.length > 0 ? withoutSessions(account, ended, nowMs) : undefined
  }
  await updateAccount(records, openid, end, seen)
  return revoked
}

const hasToken = ({ id, former }: Session, claimedId: string): boolean =>
  id === claimedId || (former?.some((token) => token.id === claimedId) ?? false)
