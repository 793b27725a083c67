import { Problem, type ProblemCode } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { type Answer, type Channel, type Exchange, ExchangeFailure } from './channel.ts'
import type { Effect } from './endpoint.ts'
import { errcodeOf, isBusy } from './errcodes.ts'

/** The longest that one attempt may take. */
const ATTEMPT_TIMEOUT_MS = 5000
const MAX_REPEATS = 2
const FIRST_PAUSE_MS = 100
/** With less time than this a repeat is no use: after a timeout what is left is a matter of rounding. */
const MIN_ATTEMPT_MS = 50

export type Budget = { readonly clock: Clock; readonly random: Random; readonly deadlineAtMs: number }

/**
 * Gets an answer, repeating what failed in passing for as long as it is safe and there is time.
 *
 * Safe is what WeChat never saw, and whatever only reads. At most two repeats, after pauses with full jitter.
 *
 * @param onAttempt hears of every request before it goes out
 * @throws Problem `UPSTREAM_UNAVAILABLE`, `UPSTREAM_TIMEOUT`, `UPSTREAM_BAD_RESPONSE`, `RATE_LIMITED`, and
 * `OUTCOME_UNKNOWN` or `CODE_OUTCOME_UNKNOWN` where the effect may have happened
 */
export async function exchangeWithRepeats(
  channel: Channel,
  exchange: Omit<Exchange, 'timeoutMs'>,
  { clock, random, deadlineAtMs }: Budget,
  onAttempt: () => void,
): Promise<Answer> {
  const { effect } = exchange.endpoint
  const remainingMs = () => deadlineAtMs - clock.nowMs()
  for (let repeat = 0; ; repeat++) {
    // Asked before every attempt: an instance may have been frozen in the pause.
    if (remainingMs() <= 0)
      throw new Problem('UPSTREAM_TIMEOUT', { detail: 'no time left before the request' })

    const pauseMs = random.fraction() * FIRST_PAUSE_MS * 2 ** repeat
    const canRepeat = () => repeat < MAX_REPEATS && remainingMs() > pauseMs + MIN_ATTEMPT_MS
    try {
      onAttempt()
      const answer = await channel.exchange({
        ...exchange,
        timeoutMs: Math.min(ATTEMPT_TIMEOUT_MS, remainingMs()),
      })
      if (!(isBusyAnswer(answer) && effect === 'read' && canRepeat())) return answer
    } catch (failure) {
      if (!(failure instanceof ExchangeFailure)) throw failure
      if (!(isSafeToRepeat(failure, effect) && canRepeat())) throw toProblem(failure, effect)
    }
    await clock.sleep(pauseMs)
  }
}

const isBusyAnswer = ({ json }: Answer): boolean => json !== undefined && isBusy(errcodeOf(json) ?? 0)

function isSafeToRepeat({ kind, sent }: ExchangeFailure, effect: Effect): boolean {
  if (!sent) return true
  return effect === 'read' && kind !== 'rateLimited' && kind !== 'unreadable'
}

const CODES: Record<ExchangeFailure['kind'], ProblemCode> = {
  unreachable: 'UPSTREAM_UNAVAILABLE',
  unavailable: 'UPSTREAM_UNAVAILABLE',
  timeout: 'UPSTREAM_TIMEOUT',
  unreadable: 'UPSTREAM_BAD_RESPONSE',
  rateLimited: 'RATE_LIMITED',
}

/** What is left to say when an effect may or may not have happened. */
export const LOST: Record<Exclude<Effect, 'read'>, ProblemCode> = {
  send: 'OUTCOME_UNKNOWN',
  code: 'CODE_OUTCOME_UNKNOWN',
}

function toProblem({ kind, sent, message, retryAfterMs }: ExchangeFailure, effect: Effect): Problem {
  if (kind === 'rateLimited')
    return new Problem('RATE_LIMITED', { detail: message, retryAfterMs: retryAfterMs ?? 1000 })

  const code = sent && effect !== 'read' ? LOST[effect] : CODES[kind]
  return new Problem(code, { detail: message })
}
