import { setTimeout as realSleep } from 'node:timers/promises'
import type { Clock } from '../../shared/ports/clock.ts'

/** 2026-01-15T08:00:00Z */
export const NOW_MS = 1_768_464_000_000

export type TestClock = Clock & {
  /** Lets time pass, forwards or backwards, for everybody who asks. */
  advance(durationMs: number): void
}

/** A clock that stands still until it is told otherwise. Sleeps are real: they are short. */
export function createTestClock(startMs = NOW_MS): TestClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    sleep: (durationMs, signal) =>
      realSleep(durationMs, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined),
    advance(durationMs) {
      nowMs += durationMs
    },
  }
}
