import type { Effects } from '../../shared/platform/createRuntime.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { createTestClock, type TestClock } from '../support/testClock.ts'

const SPEED = 100
/** Longer than whoever pauses does. */
const LIMIT_MS = 1000
/** An operation of a slow store: a read and a write take longer than a push waits for them. */
const SLOW_MS = 300

/**
 * A clock that stands still while anybody works. A pause lasts a hundredth of what it says, and a time limit of
 * seconds is never over.
 */
export function createStormClock(): TestClock {
  return {
    ...createTestClock(),
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const isLimit = signal !== undefined && durationMs > LIMIT_MS
        const timer = isLimit ? undefined : setTimeout(resolve, durationMs / SPEED)
        signal?.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true })
      }),
  }
}

/** The same effects with a store that is slow. */
export const slowed = ({ memoryStore: store, clock }: Effects): Pick<Effects, 'memoryStore'> => ({
  memoryStore: {
    get: slowly(clock, store.get),
    putIfAbsent: slowly(clock, store.putIfAbsent),
    compareAndSet: slowly(clock, store.compareAndSet),
    deleteIf: slowly(clock, store.deleteIf),
  },
})

const slowly =
  <A extends readonly unknown[], R>(clock: Clock, operate: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    await clock.sleep(SLOW_MS)
    return operate(...args)
  }
