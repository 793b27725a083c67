import { Problem, type UpstreamTrace } from '../core/problem.ts'

/**
 * A pause in fetching tokens that the whole deployment keeps.
 *
 * A wrong secret or address does not become right by asking again, and a token endpoint in trouble is not
 * helped by a thousand instances. So after a configuration error, or three failures in a row, one instance
 * asks again when the pause is over and the others wait.
 */
export type Hold = {
  readonly untilMs: number
  /** What the operator has to set right; absent when WeChat is merely out of reach. */
  readonly config?: { readonly message: string; readonly upstream: UpstreamTrace }
}

const CONFIG_HOLD_MS = 60_000
const OUTAGE_HOLD_MS = 30_000
const FAILURES_BEFORE_HOLD = 3
/** A pause that lasts longer than this was written by a clock that is off. */
const MAX_HOLD_AHEAD_MS = 2 * CONFIG_HOLD_MS

/** Whether the pause still lasts. */
export const isHeld = ({ untilMs }: Hold, nowMs: number): boolean =>
  nowMs < untilMs && untilMs - nowMs <= MAX_HOLD_AHEAD_MS

/** The pause after a failure; `undefined` when asking again at once is fine. */
export function holdAfter(thrown: unknown, failuresInRow: number, nowMs: number): Hold | undefined {
  if (thrown instanceof Problem && thrown.code === 'CONFIG_ERROR' && thrown.options.upstream) {
    const { upstream } = thrown.options
    return { untilMs: nowMs + CONFIG_HOLD_MS, config: { message: thrown.message, upstream } }
  }
  return failuresInRow >= FAILURES_BEFORE_HOLD ? { untilMs: nowMs + OUTAGE_HOLD_MS } : undefined
}

/** The same pause once more, for the others, while one instance probes. */
export const holdAgain = (hold: Hold, nowMs: number): Hold => ({
  ...hold,
  untilMs: nowMs + (hold.config ? CONFIG_HOLD_MS : OUTAGE_HOLD_MS),
})

/** What calls fail with during the pause. */
export function heldProblem({ untilMs, config }: Hold, nowMs: number): Problem {
  if (config) return new Problem('CONFIG_ERROR', config)

  return new Problem('UPSTREAM_UNAVAILABLE', {
    retryAfterMs: untilMs - nowMs,
    detail: 'fetching tokens is paused',
  })
}
