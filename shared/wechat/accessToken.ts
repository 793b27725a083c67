import { Problem } from '../core/problem.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { Clock } from '../ports/clock.ts'
import { isStoreAbsent, type Records, type Slot } from '../state/records.ts'
import type { IssuedToken } from './endpoints/issuedToken.ts'
import { type Hold, heldProblem, holdAfter, holdAgain, isHeld } from './tokenHold.ts'

/** The deployment's access token, shared by all instances. */
export interface AccessTokens {
  /**
   * The token to send now.
   *
   * @throws Problem `CONFIG_ERROR` for a wrong app id, secret or IP; otherwise what fetching it failed with
   */
  current(deadlineAtMs: number): Promise<string>
  /** Drops this value, and no other, after WeChat refused it. */
  invalidate(token: string): Promise<void>
  /** Renews the shared token when its end is near. Asking earlier changes nothing. */
  refresh(deadlineAtMs: number): Promise<{ readonly refreshed: boolean; readonly expiresAtMs: number }>
}

/** The one shared record: a token with its own end, and how fetching it has failed since. */
type TokenRecord = {
  readonly token?: HeldToken
  readonly failures: number
  readonly hold?: Hold
}

type HeldToken = { readonly value: string; readonly renewAtMs: number; readonly expiresAtMs: number }

type AccessTokensOptions = {
  readonly fetch: (deadlineAtMs: number) => Promise<IssuedToken>
  /** Throws when there is no store that could be asked. */
  readonly records: () => Records
  readonly mode: 'stable' | 'classic'
  readonly clock: Clock
}

/** A fetch has its own time, because callers with different deadlines share it. */
const FLIGHT_BUDGET_MS = 10_000
const RENEW_BEFORE_END_MS = 60_000
/** WeChat renews a stable token in its last five minutes, not before. */
const REFRESH_BEFORE_END_MS = 300_000
const RECORD_LIFE_MS = 86_400_000
/** A refused token that WeChat hands out again is given this long before it is asked about once more. */
const REJECTION_LIFE_MS = 1000

/**
 * Keeps one access token per process, and through the store one per deployment.
 *
 * However many callers wait, one fetch is in flight. A token near its end is renewed early, and served to
 * its hard end when renewing fails. In `stable` mode the store is a convenience: without it a process
 * fetches the same token for itself. In `classic` mode a fetch ends everybody's token, so the store must answer.
 */
export function createAccessTokens({ fetch, records, mode, clock }: AccessTokensOptions): AccessTokens {
  let held: HeldToken | undefined
  let rejected: { readonly value: string; readonly untilMs: number } | undefined
  let local: TokenRecord = { failures: 0 }
  let flight: { readonly token: Promise<HeldToken>; readonly endsAtMs: number } | undefined
  /** Set while a refused token is being dropped from the store. */
  let invalidation: Promise<void> | undefined

  const isStoreOptional = mode === 'stable'

  const isRejected = (token: string): boolean => rejected?.value === token && clock.nowMs() < rejected.untilMs

  /** Does without the store where it can. */
  async function withStore<T>(use: (records: Records) => Promise<T>): Promise<T | undefined> {
    try {
      return await use(records())
    } catch (thrown) {
      if (isStoreOptional && isStoreAbsent(thrown)) return undefined
      throw thrown
    }
  }

  const readShared = () => withStore((records) => records.read<TokenRecord>('accessToken', mode))

  /** The record in the store where there is one to be had, otherwise what this process remembers. */
  async function share(slot: Slot<TokenRecord> | undefined, record: TokenRecord): Promise<boolean> {
    local = record
    if (!slot) return true

    const expiresAtMs = clock.nowMs() + RECORD_LIFE_MS
    const written = await withStore(
      async (records) => (await records.write(slot, record, expiresAtMs)) ?? 'lost',
    )
    return written !== 'lost'
  }

  async function acquire(minimumLifeMs: number, deadlineAtMs: number): Promise<HeldToken> {
    const slot = await readShared()
    const record = slot?.value ?? local
    const nowMs = clock.nowMs()
    const token = record.token && !isRejected(record.token.value) ? record.token : undefined
    if (token && nowMs < token.renewAtMs && token.expiresAtMs - nowMs > minimumLifeMs) return token

    // Should renewing fail, there is this one to serve until its end.
    if (token && token.expiresAtMs > (held?.expiresAtMs ?? 0)) held = token
    if (record.hold) await claimProbe(slot, { ...record, hold: record.hold }, nowMs)

    return fetchAndShare(deadlineAtMs)
  }

  /** After a pause one instance of the deployment asks again; the others keep the pause. */
  async function claimProbe(
    slot: Slot<TokenRecord> | undefined,
    record: TokenRecord & { hold: Hold },
    nowMs: number,
  ) {
    if (isHeld(record.hold, nowMs)) throw heldProblem(record.hold, nowMs)

    const next = holdAgain(record.hold, nowMs)
    const isProber = await share(slot, { ...record, hold: next })
    if (!isProber) throw heldProblem(next, nowMs)
  }

  async function fetchAndShare(deadlineAtMs: number): Promise<HeldToken> {
    const startedAtMs = clock.nowMs()
    const { token: value, lifeSeconds } = await fetch(deadlineAtMs).catch(async (thrown: unknown) => {
      await noteFailure(thrown)
      throw thrown
    })
    const lifeMs = lifeSeconds * 1000
    const expiresAtMs = startedAtMs + lifeMs
    const renewAtMs = expiresAtMs - Math.min(RENEW_BEFORE_END_MS, lifeMs / 10)
    const token = { value, expiresAtMs, renewAtMs }

    // An answer that was overtaken gives way: the token that ends later was asked for later.
    const slot = await readShared()
    const theirs = slot?.value?.token
    const isOther = theirs && theirs.value !== value && !isRejected(theirs.value)
    const newest = isOther && theirs.expiresAtMs > expiresAtMs ? theirs : token
    await share(slot, { token: newest, failures: 0 })
    return newest
  }

  /** Beside the token that there is: another instance may have renewed it meanwhile. */
  async function noteFailure(thrown: unknown): Promise<void> {
    if (isOwnFault(thrown)) return

    const slot = await readShared()
    const { token, failures } = slot?.value ?? local
    const pause = holdAfter(thrown, failures + 1, clock.nowMs())
    const kept = token && !isRejected(token.value) ? token : undefined
    await share(slot, { failures: failures + 1, ...(kept && { token: kept }), ...(pause && { hold: pause }) })
  }

  /** Joins the fetch in flight, unless it is one that a frozen instance never finished. */
  function join(minimumLifeMs: number): Promise<HeldToken> {
    const nowMs = clock.nowMs()
    if (flight && nowMs < flight.endsAtMs) return flight.token

    const endsAtMs = nowMs + FLIGHT_BUDGET_MS
    const token = acquire(minimumLifeMs, endsAtMs)
      .then((acquired) => {
        // A fetch that an instance was frozen in must not undo what came after it.
        if (!held || held.expiresAtMs <= acquired.expiresAtMs) held = acquired
        return acquired
      })
      .finally(() => {
        if (flight?.token === token) flight = undefined
      })
    flight = { token, endsAtMs }
    return token
  }

  const untilDeadline = <T>(work: Promise<T>, deadlineAtMs: number): Promise<T> =>
    withinDeadline(
      work,
      clock,
      deadlineAtMs,
      () => new Problem('UPSTREAM_TIMEOUT', { detail: 'waiting for the access token' }),
    )

  return {
    async current(deadlineAtMs) {
      if (invalidation)
        await untilDeadline(
          invalidation.catch(() => undefined),
          deadlineAtMs,
        )
      if (held && clock.nowMs() < held.renewAtMs) return held.value

      try {
        return (await untilDeadline(join(0), deadlineAtMs)).value
      } catch (thrown) {
        if (held && clock.nowMs() < held.expiresAtMs) return held.value
        throw thrown
      }
    },

    invalidate(token) {
      if (isRejected(token)) return invalidation ?? Promise.resolve()
      if (held?.value === token) held = undefined
      rejected = { value: token, untilMs: clock.nowMs() + REJECTION_LIFE_MS }
      if (local.token?.value === token) local = { failures: local.failures }

      const dropping = withStore(async (records) => {
        const slot = await records.read<TokenRecord>('accessToken', mode)
        if (slot.value?.token?.value !== token) return

        const { token: _refused, ...rest } = slot.value
        await records.write(slot, rest, clock.nowMs() + RECORD_LIFE_MS)
      }).finally(() => {
        if (invalidation === dropping) invalidation = undefined
      })
      invalidation = dropping
      return dropping
    },

    async refresh(deadlineAtMs) {
      // The point of a refresh is the shared token, so here the store must answer in either mode.
      const { value } = await untilDeadline(records().read<TokenRecord>('accessToken', mode), deadlineAtMs)
      const after = await untilDeadline(join(REFRESH_BEFORE_END_MS), deadlineAtMs)
      return { refreshed: after.value !== value?.token?.value, expiresAtMs: after.expiresAtMs }
    },
  }
}

/** A variable that this one function lacks is no news for the others: WeChat was not even asked. */
const isOwnFault = (thrown: unknown): boolean =>
  thrown instanceof Problem && thrown.code === 'CONFIG_ERROR' && thrown.options.upstream === undefined
