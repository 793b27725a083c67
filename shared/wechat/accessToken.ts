import { Problem } from '../core/problem.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { isStoreAbsent, type Records, type Slot } from '../state/records.ts'
import type { IssuedToken } from './endpoints/issuedToken.ts'
import {
  type AccessToken,
  EMPTY_RECORD,
  fetchEndsAtMs,
  nextStep,
  type SharedToken,
  type TokenRecord,
  toSharedToken,
  withFailure,
  withLease,
  withoutToken,
  withToken,
} from './tokenRecord.ts'

/** The deployment's access token, shared by all instances. */
export interface AccessTokens {
  /**
   * The token to send now.
   *
   * @throws Problem `CONFIG_ERROR` for a wrong app id, secret or IP; otherwise what fetching it failed with
   */
  current(deadlineAtMs: number): Promise<AccessToken>
  /** Drops this token, and no other, after WeChat refused it. */
  invalidate(token: AccessToken): Promise<void>
  /** Renews the shared token when its end is near. Asking earlier changes nothing. */
  refresh(deadlineAtMs: number): Promise<{ readonly refreshed: boolean; readonly expiresAtMs: number }>
}

type AccessTokensOptions = {
  readonly fetch: (deadlineAtMs: number) => Promise<IssuedToken>
  /** Throws when there is no store that could be asked. */
  readonly records: () => Records
  readonly mode: 'stable' | 'classic'
  readonly clock: Clock
  readonly random: Random
}

/** Enough to outwait a holder that died and then to fetch. Callers with different deadlines share it. */
const FLIGHT_BUDGET_MS = 20_000
/** WeChat renews a stable token in its last five minutes, not before. */
const REFRESH_BEFORE_END_MS = 300_000
/** Timers of many deployments strike at the same second. */
const REFRESH_SPREAD_MS = 1000
/** A renewal that brought nothing is not tried by the next call already. */
const RENEWAL_PAUSE_MS = 1000
const FIRST_POLL_MS = 100
const MAX_POLL_MS = 1000
const MAX_WRITES = 8

/**
 * Keeps one access token per process, and through the store one per deployment.
 *
 * However many callers and instances wait, one fetch is in flight: it belongs to whoever wrote the lease into
 * the shared record, and its result is written only while that lease's fence still stands there. A token
 * near its end is renewed early, and served to its hard end when renewing fails or takes long.
 *
 * In `stable` mode the store is a convenience: without it a process fetches the same token for itself. In
 * `classic` mode a fetch ends everybody's token, so the store must answer.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 */
export function createAccessTokens({
  fetch,
  records,
  mode,
  clock,
  random,
}: AccessTokensOptions): AccessTokens {
  let held: SharedToken | undefined
  /** When this process last looked for a newer token. */
  let lookedAtMs = Number.NEGATIVE_INFINITY
  /** The newest token that this process saw refused: the store may not have heard of it. */
  let refused: AccessToken | undefined
  /** What this process knows where there is no store. */
  let local: TokenRecord = EMPTY_RECORD
  let flight: { readonly token: Promise<SharedToken>; readonly endsAtMs: number } | undefined
  let invalidation: { readonly token: AccessToken; readonly done: Promise<void> } | undefined

  const isStoreOptional = mode === 'stable'

  /** Does without the store where it can. */
  async function withStore<T>(use: (records: Records) => Promise<T>): Promise<T | undefined> {
    try {
      return await use(records())
    } catch (thrown) {
      if (isStoreOptional && isStoreAbsent(thrown)) return undefined
      throw thrown
    }
  }

  /** The record as the store has it; without a store, as this process remembers it. */
  async function read(): Promise<Found> {
    const slot = await withStore((found) => found.read<TokenRecord>('accessToken', mode))
    return { slot, record: slot ? (slot.value ?? EMPTY_RECORD) : local }
  }

  /** `undefined` when somebody else has changed the record since. */
  async function write({ slot }: Found, record: TokenRecord): Promise<Found | undefined> {
    local = record
    if (!slot) return { slot, record }

    const written = await withStore(async (found) => (await found.write(slot, record)) ?? 'overtaken')
    return written === 'overtaken' ? undefined : { slot: written, record }
  }

  /** Changes the record, whoever else does, for as long as the change applies. */
  async function change(
    found: Found,
    next: (record: TokenRecord) => TokenRecord | undefined,
  ): Promise<'changed' | 'left alone'> {
    let seen = found
    for (let attempt = 0; attempt < MAX_WRITES; attempt++) {
      const record = next(seen.record)
      if (!record) return 'left alone'
      if (await write(seen, record)) return 'changed'

      seen = await read()
    }
    return 'left alone'
  }

  async function acquire(minimumLifeMs: number, deadlineAtMs: number): Promise<SharedToken> {
    const holder = Buffer.from(random.bytes(9)).toString('base64url')
    let isPatient = true
    for (let poll = 0; ; poll++) {
      const found = await read()
      const record = withoutRefused(found.record)
      const nowMs = clock.nowMs()
      if (nowMs >= deadlineAtMs) throw late()
      if (record.token) keep(record.token)

      const step = nextStep(record, nowMs, { minimumLifeMs, holder })
      if (step.kind === 'serve') return step.token
      if (step.kind === 'refuse') throw step.problem
      if (step.kind === 'fetch') {
        const token = await fetchUnderLease(step.isOurs ? found : await claim(found, record, nowMs))
        if (token) return token
        isPatient = false
      }
      const pollMs = Math.min(MAX_POLL_MS, FIRST_POLL_MS * 1.5 ** poll) * (0.5 + random.fraction() / 2)
      const leaseMs = step.kind === 'wait' ? step.untilMs - nowMs : pollMs
      await clock.sleep(Math.min(pollMs, leaseMs))
    }

    /**
     * A store that answers and then refuses the write may be throttled by all those who try at once. Then
     * somebody has the lease, and one look more tells it.
     */
    async function claim(found: Found, record: TokenRecord, nowMs: number): Promise<Found | undefined> {
      const claimed = await write(found, withLease(record, nowMs, holder)).catch((thrown: unknown) => {
        if (!isPatient) throw thrown
      })
      const isUnwritten = found.slot !== undefined && claimed?.slot === undefined
      return claimed && !(isUnwritten && isPatient) ? claimed : undefined
    }
  }

  /** @returns nothing without a lease, or when it was lost meanwhile: what came of it is then for nobody */
  async function fetchUnderLease(claimed: Found | undefined): Promise<SharedToken | undefined> {
    if (!claimed) return undefined

    const { fence } = claimed.record
    const whileOurs = (next: (record: TokenRecord) => TokenRecord) => (record: TokenRecord) =>
      record.fence === fence ? next(record) : undefined

    const askedAtMs = clock.nowMs()
    const issued = await fetch(fetchEndsAtMs(claimed.record)).catch(async (thrown: unknown) => {
      const noting = whileOurs((record) => withFailure(record, thrown, clock.nowMs()))
      await change(claimed, noting).catch(() => undefined)
      throw thrown
    })
    const token = toSharedToken(issued, fence, askedAtMs)
    const sharing = whileOurs((record) => withToken(record, token))
    // A store that fails now takes nothing from the token.
    const outcome = await change(claimed, sharing).catch(() => 'unknown')
    if (outcome !== 'left alone') return token

    // A classic fetch has ended the token of whoever has overtaken us, or theirs has ended ours.
    if (mode === 'classic') await change(await read(), (record) => ({ ...record, isSuspect: true }))
    return undefined
  }

  function withoutRefused(record: TokenRecord): TokenRecord {
    const { token, ...rest } = record
    return token && refused && isNoNewer(token, refused) ? rest : record
  }

  /** What an instance was frozen over must not undo what came after it. */
  function keep(token: SharedToken): void {
    const isRefused = [refused, invalidation?.token].some((other) => other && isNoNewer(token, other))
    if (!isRefused && (!held || held.fence <= token.fence)) held = token
  }

  /** Joins the search in flight, unless it is one that a frozen instance never finished. */
  function join(minimumLifeMs: number): Promise<SharedToken> {
    const nowMs = clock.nowMs()
    if (flight && nowMs < flight.endsAtMs) return flight.token

    const endsAtMs = nowMs + FLIGHT_BUDGET_MS
    const token = acquire(minimumLifeMs, endsAtMs)
      .then((acquired) => {
        keep(acquired)
        return acquired
      })
      .finally(() => {
        lookedAtMs = clock.nowMs()
        if (flight?.token === token) flight = undefined
      })
    flight = { token, endsAtMs }
    return token
  }

  const untilDeadline = <T>(work: Promise<T>, deadlineAtMs: number): Promise<T> =>
    withinDeadline(work, clock, deadlineAtMs, late)

  const isAlive = ({ expiresAtMs }: SharedToken): boolean => clock.nowMs() < expiresAtMs

  const isGoodEnough = (token: SharedToken): boolean => {
    const nowMs = clock.nowMs()
    const hasJustLooked = nowMs >= lookedAtMs && nowMs - lookedAtMs < RENEWAL_PAUSE_MS
    return nowMs < (hasJustLooked ? token.expiresAtMs : token.renewAtMs)
  }

  async function drop(token: AccessToken): Promise<void> {
    const outcome = await change(await read(), (record) => withoutToken(record, token, clock.nowMs()))
    if (outcome === 'changed') refused = token
  }

  return {
    async current(deadlineAtMs) {
      if (invalidation) {
        await untilDeadline(
          invalidation.done.catch(() => undefined),
          deadlineAtMs,
        )
      }
      if (held && isGoodEnough(held)) return held

      try {
        const token = await untilDeadline(join(0), deadlineAtMs)
        if (isAlive(token)) return token
      } catch (thrown) {
        if (held && isAlive(held)) return held
        throw thrown
      }
      throw new Problem('UPSTREAM_UNAVAILABLE', { detail: 'the access token ended before it came' })
    },

    invalidate(token) {
      if (held && isNoNewer(held, token)) held = undefined
      if (invalidation && isNoNewer(token, invalidation.token)) return invalidation.done
      if (refused && isNoNewer(token, refused)) return Promise.resolve()

      const done = drop(token).finally(() => {
        if (invalidation?.done === done) invalidation = undefined
      })
      invalidation = { token, done }
      return done
    },

    async refresh(deadlineAtMs) {
      // The point of a refresh is the shared token, so here the store must answer in either mode.
      const { value: record = EMPTY_RECORD } = await untilDeadline(
        records().read<TokenRecord>('accessToken', mode),
        deadlineAtMs,
      )
      const need = { minimumLifeMs: REFRESH_BEFORE_END_MS }
      const step = nextStep(withoutRefused(record), clock.nowMs(), need)
      if (step.kind === 'serve') return { refreshed: false, expiresAtMs: step.token.expiresAtMs }
      if (record.token && isAlive(record.token)) await clock.sleep(random.fraction() * REFRESH_SPREAD_MS)

      const { value, expiresAtMs } = await untilDeadline(join(REFRESH_BEFORE_END_MS), deadlineAtMs)
      return { refreshed: value !== record.token?.value, expiresAtMs }
    },
  }
}

/** The same value, from the same fetch or an earlier one. */
const isNoNewer = (token: AccessToken, than: AccessToken): boolean =>
  token.value === than.value && token.fence <= than.fence

/** The record, with what a conditional write has to name; without a slot where there is no store. */
type Found = { readonly slot: Slot<TokenRecord> | undefined; readonly record: TokenRecord }

const late = () => new Problem('UPSTREAM_TIMEOUT', { detail: 'waiting for the access token' })
