import { Problem } from '../core/problem.ts'
import type { IssuedToken } from './endpoints/issuedToken.ts'
import { type Hold, heldProblem, holdAfter, holdAgain, isHeld } from './tokenHold.ts'

/** A token, and which fetch of the deployment it came from: WeChat may hand out the same value again. */
export type AccessToken = { readonly value: string; readonly fence: number }

/** A token with its own times. The three always come from one and the same answer of WeChat's. */
export type SharedToken = AccessToken & { readonly renewAtMs: number; readonly expiresAtMs: number }

/**
 * What a deployment shares about its access token: one record for each source of tokens (`stable`,
 * `classic`), changed by conditional writes alone.
 */
export type TokenRecord = {
  /** Grows with every lease. Whoever finds another one here than its own has been overtaken. */
  readonly fence: number
  /** Somebody is fetching. It ends by itself, should its holder be frozen or killed. */
  readonly lease?: Lease
  readonly token?: SharedToken
  /** Failed fetches in a row. */
  readonly failures: number
  readonly hold?: Hold
  /** The value that WeChat refused last, and the how-manieth in a row it was. */
  readonly refused?: Refused
  /**
   * A fetch that nobody shares may have ended the token, under this lease or before: it serves its last minutes
   * until a later lease has brought another.
   */
  readonly suspectFence?: number
}

type Refused = { readonly value: string; readonly atMs: number; readonly inRow: number }

type Lease = { readonly untilMs: number; readonly holder: string }

export const EMPTY_RECORD: TokenRecord = { fence: 0, failures: 0 }

/** Longer than one attempt at WeChat and one at the store, and short enough for a waiting call to outlive it. */
export const LEASE_MS = 8000
/** What a holder keeps of its lease for writing down how the fetch ended. */
const SETTLE_MS = 2500
/** A lease that lasts longer than this was written by a clock that is off. */
const MAX_LEASE_AHEAD_MS = 30_000
const RENEW_BEFORE_END_MS = 60_000
/** The answers to requests that were under way together come within one attempt's time. */
const SAME_MOMENT_MS = 5000
/** A refused token that WeChat hands out again is given this long before it is asked about once more. */
const SECOND_OPINION_MS = 1000
/** So many tokens may be refused one after the other before each is given as long. */
const MAX_REFUSED_IN_ROW = 3
const ROW_MS = 10_000

/** What an instance in need of a token does next. */
export type NextStep =
  | { readonly kind: 'serve'; readonly token: SharedToken }
  | { readonly kind: 'refuse'; readonly problem: Problem }
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** `isOurs`: the lease is there already, written with an answer that was lost. */
  | { readonly kind: 'fetch'; readonly isOurs: boolean }

type Need = {
  /** A token that lives no longer than this is due to be renewed. */
  readonly minimumLifeMs: number
  /** Whose search this is. */
  readonly holder?: string
  /**
   * What was seen of the lease by the clock of whoever asks: it was taken since (so it is alive, whatever its
   * end says), or it has stood there for longer than any lasts.
   */
  readonly leaseIs?: 'fresh' | 'over' | undefined
}

export function nextStep(record: TokenRecord, nowMs: number, need: Need): NextStep {
  const { minimumLifeMs, holder, leaseIs } = need
  const { token, hold, lease } = record
  const living = token && nowMs < token.expiresAtMs ? token : undefined
  const isDue = (at: SharedToken) =>
    nowMs >= at.renewAtMs || at.expiresAtMs - nowMs <= minimumLifeMs || record.suspectFence !== undefined
  if (living && !isDue(living)) return { kind: 'serve', token: living }
  if (lease && lease.holder === holder && nowMs < fetchEndsAtMs(record))
    return { kind: 'fetch', isOurs: true }
  if (hold && isHeld(hold, nowMs)) return { kind: 'refuse', problem: heldProblem(hold, nowMs) }
  const isTaken = leaseIs === 'fresh' || (leaseIs !== 'over' && lease !== undefined && isLeased(lease, nowMs))
  if (!lease || !isTaken) return { kind: 'fetch', isOurs: false }

  return living ? { kind: 'serve', token: living } : { kind: 'wait', untilMs: lease.untilMs }
}

const isLeased = ({ untilMs }: Lease, nowMs: number): boolean =>
  nowMs < untilMs && untilMs - nowMs <= MAX_LEASE_AHEAD_MS

/**
 * The record with a lease for whoever manages to write it. After a pause that makes it the one to probe,
 * and the others keep the pause.
 *
 * The fence is at least the time, so that it grows even where a record was lost.
 */
export function withLease(record: TokenRecord, nowMs: number, holder: string): TokenRecord {
  const { hold } = record
  return {
    ...record,
    fence: Math.max(record.fence + 1, nowMs),
    lease: { untilMs: nowMs + LEASE_MS, holder },
    ...(hold && { hold: holdAgain(hold, nowMs) }),
  }
}

/** When a fetch under the record's lease has to be over. */
export const fetchEndsAtMs = ({ lease }: TokenRecord): number => (lease?.untilMs ?? 0) - SETTLE_MS

/** A token's life counts from the moment at which it was asked for. */
export function toSharedToken(
  { token: value, lifeSeconds }: IssuedToken,
  fence: number,
  askedAtMs: number,
): SharedToken {
  const lifeMs = lifeSeconds * 1000
  const expiresAtMs = askedAtMs + lifeMs
  return { value, fence, expiresAtMs, renewAtMs: expiresAtMs - Math.min(RENEW_BEFORE_END_MS, lifeMs / 10) }
}

/** The record after its holder's fetch. What was refused stays known, and what is suspect since the fetch began. */
export function withToken({ fence, refused, suspectFence }: TokenRecord, token: SharedToken): TokenRecord {
  return {
    fence,
    token,
    failures: 0,
    ...(refused && { refused }),
    ...(suspectFence !== undefined && suspectFence >= token.fence && { suspectFence }),
  }
}

/** The record once its token may have been ended by a fetch that nobody shares. */
export const withSuspicion = (record: TokenRecord): TokenRecord => ({ ...record, suspectFence: record.fence })

/** The record after its holder's fetch failed, with the token that there still is. */
export function withFailure(record: TokenRecord, thrown: unknown, nowMs: number): TokenRecord {
  const { lease: _over, ...rest } = record
  if (isOwnFault(thrown)) return rest

  const { hold: _before, ...others } = rest
  const failures = record.failures + 1
  const hold = holdAfter(thrown, failures, nowMs)
  return { ...others, failures, ...(hold && { hold }) }
}

/** A variable that this one function lacks is no news for the others: WeChat was not even asked. */
const isOwnFault = (thrown: unknown): boolean =>
  thrown instanceof Problem && thrown.code === 'CONFIG_ERROR' && thrown.options.upstream === undefined

/**
 * The record without the token that WeChat refused; `undefined` when it is to stay as it is, because
 * another token stands there, or because WeChat has just handed this one out once more.
 */
export function withoutToken(
  record: TokenRecord,
  { value, fence }: AccessToken,
  nowMs: number,
): TokenRecord | undefined {
  const { token, refused, ...rest } = record
  if (token?.value !== value) return undefined

  const sinceMs = refused ? Math.abs(nowMs - refused.atMs) : Number.POSITIVE_INFINITY
  if (refused && sinceMs < patienceWith(refused, token, fence)) return undefined

  const inRow = refused && sinceMs < ROW_MS ? refused.inRow + 1 : 1
  return { ...rest, refused: { value, atMs: nowMs, inRow } }
}

/** For how long after the last refusal the token that is there now is believed rather than the next refusal. */
function patienceWith(refused: Refused, token: SharedToken, refusedFence: number): number {
  if (refused.value !== token.value) return refused.inRow >= MAX_REFUSED_IN_ROW ? SECOND_OPINION_MS : 0

  return refusedFence < token.fence ? SAME_MOMENT_MS : SECOND_OPINION_MS
}
