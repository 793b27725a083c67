import { createTestClock, type TestClock } from '../../support/testClock.ts'

export type WaitingClock = TestClock & {
  /** Lets time pass to the first moment for which anybody waits, who then goes on, or to the given one before it. */
  passTowards(untilMs?: number): void
}

/** A test clock that knows who waits, so that time passes for them in the order in which they wait. */
export function createWaitingClock(): WaitingClock {
  const clock = createTestClock()
  const waiting = new Set<{ readonly untilMs: number; readonly wake: () => void }>()

  return {
    ...clock,

    async sleep(durationMs, signal) {
      const woken = new AbortController()
      const sleeper = { untilMs: clock.nowMs() + durationMs, wake: () => woken.abort() }
      waiting.add(sleeper)
      await clock.sleep(durationMs, signal ? AbortSignal.any([signal, woken.signal]) : woken.signal)
      waiting.delete(sleeper)
    },

    passTowards(untilMs = Number.POSITIVE_INFINITY) {
      const nextMs = Math.min(untilMs, ...[...waiting].map((sleeper) => sleeper.untilMs))
      if (nextMs === Number.POSITIVE_INFINITY) return

      clock.advance(Math.max(0, nextMs - clock.nowMs()))
      for (const sleeper of waiting) if (sleeper.untilMs <= nextMs) sleeper.wake()
    },
  }
}
