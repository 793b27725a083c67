import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { IssuedToken } from './endpoints/issuedToken.ts'
import type { Hold } from './tokenHold.ts'
import type { Found, TokenPlace } from './tokenPlace.ts'
import {
  fetchEndsAtMs,
  LEASE_MS,
  nextStep,
  type SharedToken,
  type TokenRecord,
  toSharedToken,
  withFailure,
  withLease,
  withSuspicion,
  withToken,
} from './tokenRecord.ts'

type SearchOptions = {
  readonly place: TokenPlace
  readonly fetch: (deadlineAtMs: number) => Promise<IssuedToken>
  readonly mode: 'stable' | 'classic'
  readonly clock: Clock
  readonly random: Random
  /** A token that lives no longer than this is due to be renewed. */
  readonly minimumLifeMs: number
  readonly deadlineAtMs: number
  /** The record as this process sees it, which may know what the store has not heard of. */
  readonly view: (record: TokenRecord) => TokenRecord
  /** Hears of every token that stood in the record, also of one that is due. */
  readonly onSeen: (token: SharedToken) => void
  /** Hears of the pause after a fetch of this process failed. */
  readonly onHold: (hold: Hold, fence: number) => void
}

const FIRST_POLL_MS = 100
const MAX_POLL_MS = 1000

/**
 * Finds a token that is good enough: the one in the record, the one that whoever holds the lease is
 * fetching, or one fetched under a lease of its own.
 *
 * @throws Problem what the fetch or its pause fails with, and `UPSTREAM_TIMEOUT`
 */
export async function searchToken(options: SearchOptions): Promise<SharedToken> {
  const { place, mode, clock, random, minimumLifeMs, deadlineAtMs, view, onSeen } = options
  const holder = Buffer.from(random.bytes(9)).toString('base64url')
  let watched: Watched | undefined
  for (let poll = 0, claims = 0, overtakings = 0; ; poll++) {
    const found = await place.read()
    const nowMs = clock.nowMs()
    if (nowMs >= deadlineAtMs) throw late()
    if (found.record.token) onSeen(found.record.token)
    const record = view(found.record)

    watched = watch(watched, record, nowMs)
    const step = nextStep(record, nowMs, { minimumLifeMs, holder, leaseIs: leaseSeen(watched, nowMs) })
    if (step.kind === 'serve') return step.token
    if (step.kind === 'refuse') throw step.problem
    if (step.kind === 'fetch') {
      const leased = withLease(record, nowMs, holder)
      const claimed = step.isOurs ? found : await claim(place, found, leased, claims++ === 0)
      const fetched = claimed && (await fetchUnderLease(options, claimed))
      if (fetched?.isShared) return fetched.token
      // What a classic fetch has made suspect is renewed at once; but two whose clocks differ could go on so.
      const isGoodForUs = fetched && (mode === 'stable' || overtakings++ > 0)
      if (isGoodForUs) return (await livingToken(place, clock)) ?? fetched.token
    }
    const pollMs = Math.min(MAX_POLL_MS, FIRST_POLL_MS * 1.5 ** poll) * (0.5 + random.fraction() / 2)
    const longestMs = step.kind === 'wait' && step.untilMs > nowMs ? step.untilMs - nowMs : pollMs
    await clock.sleep(Math.min(pollMs, longestMs))
  }
}

/** Who holds the lease, and since when by our own clock. `isNew`: it was taken while we were looking. */
type Watched = { readonly holder: string | undefined; readonly sinceMs: number; readonly isNew: boolean }

function watch(before: Watched | undefined, { lease }: TokenRecord, nowMs: number): Watched {
  const holder = lease?.holder
  return before && before.holder === holder ? before : { holder, sinceMs: nowMs, isNew: before !== undefined }
}

/** Clocks differ, but everybody's own runs as fast as a lease does. */
function leaseSeen({ sinceMs, isNew }: Watched, nowMs: number): 'fresh' | 'over' | undefined {
  if (nowMs - sinceMs >= LEASE_MS) return 'over'
  return isNew ? 'fresh' : undefined
}

async function livingToken(place: TokenPlace, clock: Clock): Promise<SharedToken | undefined> {
  const token = (await place.read().catch(() => undefined))?.record.token
  return token && clock.nowMs() < token.expiresAtMs ? token : undefined
}

/**
 * Writes the lease, unless somebody else was first.
 *
 * A store that answers and then refuses the write may be throttled by all those who try at once. Then somebody
 * has the lease, and one look more will show it: the first refusal counts as a loss.
 */
async function claim(
  place: TokenPlace,
  found: Found,
  leased: TokenRecord,
  isFirst: boolean,
): Promise<Found | undefined> {
  const claimed = await place.write(found, leased).catch((thrown: unknown) => {
    if (isFirst) return undefined
    throw thrown
  })
  const isUnwritten = found.slot !== undefined && claimed?.slot === undefined
  return isFirst && isUnwritten ? undefined : claimed
}

/**
 * @returns the token, which is for this process alone when the lease was lost meanwhile; nothing when the fetch
 * failed and the lease was lost, since its successor may have done better
 */
async function fetchUnderLease(
  { place, fetch, mode, clock, onHold }: SearchOptions,
  claimed: Found,
): Promise<{ readonly token: SharedToken; readonly isShared: boolean } | undefined> {
  const { fence } = claimed.record
  const whileOurs = (next: (record: TokenRecord) => TokenRecord) => (record: TokenRecord) =>
    record.fence === fence ? next(record) : undefined

  const askedAtMs = clock.nowMs()
  const fetched = await fetch(fetchEndsAtMs(claimed.record)).then(
    (issued) => ({ token: toSharedToken(issued, fence, askedAtMs) }),
    (failure: unknown) => ({ failure }),
  )
  // A classic fetch ends the token before it, which is then to be renewed within its last minutes: also when
  // nobody knows whether there was one, or when two overtook each other.
  const mayHaveEndedOthers = mode === 'classic' && ('token' in fetched || isOutcomeUnknown(fetched.failure))
  const conclude = (record: TokenRecord): TokenRecord => {
    if ('token' in fetched) return withToken(record, fetched.token)

    const failed = withFailure(record, fetched.failure, clock.nowMs())
    return mayHaveEndedOthers ? withSuspicion(failed) : failed
  }
  const { hold } = conclude(claimed.record)
  if (hold) onHold(hold, fence)
  // A store that fails now takes nothing from the token, and changes nothing about the failure.
  const outcome = await place.change(claimed, whileOurs(conclude)).catch(() => 'unknown')
  const isOvertaken = outcome === 'left alone'
  if (isOvertaken && mayHaveEndedOthers) await suspect(place)
  if ('token' in fetched) return { token: fetched.token, isShared: !isOvertaken }
  if (isOvertaken) return undefined

  throw fetched.failure
}

/** Should the store fail now, the token in hand is good for its calls all the same. */
const suspect = (place: TokenPlace): Promise<unknown> =>
  place
    .read()
    .then((found) => place.change(found, withSuspicion))
    .catch(() => undefined)

/** Whether WeChat may have made a token all the same: it was asked, and did not say no. */
const isOutcomeUnknown = (failure: unknown): boolean =>
  !(failure instanceof Problem) || (failure.code !== 'CONFIG_ERROR' && failure.options.upstream === undefined)

export const late = () => new Problem('UPSTREAM_TIMEOUT', { detail: 'waiting for the access token' })
