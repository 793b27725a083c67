import { Problem } from '../core/problem.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Records } from '../state/records.ts'
import type { IssuedToken } from './endpoints/issuedToken.ts'
import { type Hold, isHeld } from './tokenHold.ts'
import { createTokenPlace } from './tokenPlace.ts'
import {
  type AccessToken,
  EMPTY_RECORD,
  nextStep,
  type SharedToken,
  type TokenRecord,
  withoutToken,
} from './tokenRecord.ts'
import { late, searchToken } from './tokenSearch.ts'

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
/**
 * After a refusal a classic token is trusted only if it would live this long, which is as far as the clocks
 * of two instances may be apart: the one in the record may be dead as well, and there is but one repeat.
 */
const TRUSTED_LIFE_MS = 1_200_000
/** How long calls wait for a renewal while the token that there is would do. */
const RENEWAL_WAIT_MS = 1000

/**
 * Keeps one access token per process, and through the store one per deployment.
 *
 * However many callers and instances wait, one fetch is in flight: it belongs to whoever wrote the lease into
 * the shared record, and its result is written only while that lease's fence still stands there. A token
 * near its end is renewed early, and served to its hard end when renewing fails or takes long.
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
  /** The pause after a fetch of this process failed. */
  let pause: { readonly hold: Hold; readonly fence: number } | undefined
  let hasBeenRefused = false
  let flight: Flight | undefined
  let invalidation: { readonly token: AccessToken; readonly done: Promise<void> } | undefined

  const place = createTokenPlace({ records, mode })

  /**
   * A refusal counts although the store has not heard of it. So does the pause after a failure of this
   * process, unless somebody has succeeded since: in the record it may have been overtaken, or end by a clock
   * that is off.
   */
  function view(record: TokenRecord): TokenRecord {
    const { token, ...rest } = record
    const seen = token && refused && isNoNewer(token, refused) ? rest : record
    return pause && isHeld(pause.hold, clock.nowMs()) ? { ...seen, hold: pause.hold } : seen
  }

  const trustedLifeMs = (): number => (hasBeenRefused && mode === 'classic' ? TRUSTED_LIFE_MS : 0)

  /** What an instance was frozen over must not undo what came after it. */
  function keep(token: SharedToken): void {
    if (pause && token.fence > pause.fence) pause = undefined
    const isRefused = [refused, invalidation?.token].some((other) => other && isNoNewer(token, other))
    if (!isRefused && (!held || held.fence <= token.fence)) held = token
  }

  /** Joins the search in flight, unless it asks for less, or is one that a frozen instance never finished. */
  function join(minimumLifeMs: number): Flight {
    const startedAtMs = clock.nowMs()
    const neededLifeMs = Math.max(minimumLifeMs, trustedLifeMs())
    const isUnderWay = flight && startedAtMs < flight.startedAtMs + FLIGHT_BUDGET_MS
    if (flight && isUnderWay && flight.minimumLifeMs >= neededLifeMs) return flight

    const token = searchToken({
      place,
      fetch,
      mode,
      clock,
      random,
      minimumLifeMs: neededLifeMs,
      deadlineAtMs: startedAtMs + FLIGHT_BUDGET_MS,
      view,
      onSeen: keep,
      onHold: (hold, fence) => {
        pause = { hold, fence }
      },
    })
      .then((acquired) => {
        keep(acquired)
        hasBeenRefused = false
        return acquired
      })
      .finally(() => {
        lookedAtMs = clock.nowMs()
        if (flight?.token === token) flight = undefined
      })
    flight = { token, startedAtMs, minimumLifeMs: neededLifeMs }
    return flight
  }

  const untilDeadline = <T>(work: Promise<T>, deadlineAtMs: number): Promise<T> =>
    withinDeadline(work, clock, deadlineAtMs, late)

  const isAlive = ({ expiresAtMs }: SharedToken): boolean => clock.nowMs() < expiresAtMs

  /** Not for long where there is a token that lives, and to the deadline where there is none. */
  function waitFor({ token, startedAtMs }: Flight, deadlineAtMs: number): Promise<SharedToken> {
    const orHeld = (thrown: unknown): SharedToken => {
      if (held && isAlive(held)) return held
      throw thrown
    }
    const impatience = late()
    const impatientAtMs = Math.min(deadlineAtMs, startedAtMs + RENEWAL_WAIT_MS)
    return withinDeadline(token, clock, impatientAtMs, () => impatience)
      .catch(orHeld)
      .catch((thrown: unknown) => {
        if (thrown !== impatience) throw thrown
        return untilDeadline(token, deadlineAtMs).catch(orHeld)
      })
  }

  const isGoodEnough = (token: SharedToken): boolean => {
    const nowMs = clock.nowMs()
    if (token.expiresAtMs - nowMs <= trustedLifeMs()) return false

    const hasJustLooked = nowMs >= lookedAtMs && nowMs - lookedAtMs < RENEWAL_PAUSE_MS
    return nowMs < (hasJustLooked ? token.expiresAtMs : token.renewAtMs)
  }

  async function drop({ value, fence }: AccessToken): Promise<void> {
    const found = await place.read()
    // Without a store there is no telling which fetch it knows of: whatever came before now is refused.
    let refusedFence = found.slot ? fence : Math.max(fence, clock.nowMs())
    let isConfirmed = false
    await place.change(found, (record) => {
      const { token } = record
      const next = withoutToken(record, { value, fence }, clock.nowMs())
      isConfirmed = token?.value === value && next === undefined
      if (token?.value === value) refusedFence = Math.max(refusedFence, token.fence)
      return next
    })
    if (!isConfirmed) refused = { value, fence: refusedFence }
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

      const token = await waitFor(join(0), deadlineAtMs)
      if (isAlive(token)) return token

      throw new Problem('UPSTREAM_UNAVAILABLE', { detail: 'the access token ended before it came' })
    },

    invalidate(token) {
      hasBeenRefused = true
      // Also one from a later fetch: the record tells whether WeChat has confirmed the value since.
      if (held?.value === token.value) held = undefined
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
      const { value: record = EMPTY_RECORD } = await withinDeadline(
        records().read<TokenRecord>('accessToken', mode),
        clock,
        deadlineAtMs,
        () => new Problem('STATE_UNAVAILABLE', { detail: 'the store did not answer in time' }),
      )
      const need = { minimumLifeMs: REFRESH_BEFORE_END_MS }
      const step = nextStep(view(record), clock.nowMs(), need)
      if (step.kind === 'serve') return { refreshed: false, expiresAtMs: step.token.expiresAtMs }
      if (record.token && isAlive(record.token)) {
        await untilDeadline(clock.sleep(random.fraction() * REFRESH_SPREAD_MS), deadlineAtMs)
      }

      const { value, expiresAtMs } = await untilDeadline(join(REFRESH_BEFORE_END_MS).token, deadlineAtMs)
      return { refreshed: value !== record.token?.value, expiresAtMs }
    },
  }
}

/** A search that is under way. */
type Flight = {
  readonly token: Promise<SharedToken>
  readonly startedAtMs: number
  readonly minimumLifeMs: number
}

/** The same value, from the same fetch or an earlier one. */
const isNoNewer = (token: AccessToken, than: AccessToken): boolean =>
  token.value === than.value && token.fence <= than.fence
