import { performance } from 'node:perf_hooks'
import { createTestClock, NOW_MS, type TestClock } from './testClock.ts'

/** A clock that starts at the usual moment and goes on by itself, for tests in which a deadline is met. */
export function createRunningClock(): TestClock {
  const still = createTestClock(NOW_MS)
  const startedAtMs = performance.now()

  return { ...still, nowMs: () => still.nowMs() + (performance.now() - startedAtMs) }
}
