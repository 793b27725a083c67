import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../ports/clock.ts'

/**
 * The machine's clock.
 *
 * A pending sleep keeps the process alive: Lambda's runtime takes an empty event loop for the end of the
 * call, and would answer before a call that only waits. After the reply it does no harm, because neither
 * platform waits for the event loop then.
 */
export const systemClock: Clock = {
  nowMs: () => Date.now(),

  sleep: (durationMs, signal) => pause(durationMs, undefined, signal && { signal }).catch(ignoreAbort),
}

function ignoreAbort(thrown: unknown): void {
  if (!(thrown instanceof Error && thrown.name === 'AbortError')) throw thrown
}
