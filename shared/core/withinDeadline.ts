import type { Clock } from '../ports/clock.ts'
import type { Problem } from './problem.ts'

/** Waits for work until a deadline and no longer. Work that is late goes on unheard. */
export async function withinDeadline<T>(
  work: Promise<T>,
  clock: Clock,
  deadlineAtMs: number,
  late: () => Problem,
): Promise<T> {
  const done = new AbortController()
  const timeout = clock.sleep(Math.max(0, deadlineAtMs - clock.nowMs()), done.signal).then(() => {
    if (!done.signal.aborted) throw late()
    return work
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    done.abort()
  }
}
