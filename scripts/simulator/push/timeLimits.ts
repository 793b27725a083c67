export type TimeLimits = ReturnType<typeof createTimeLimits>

/** Runs work that others do in their own time: each for so long at most, and none beyond `end`. */
export function createTimeLimits(timeoutMs: number) {
  const running = new Set<AbortController>()

  return {
    /** Resolves like the work, or rejects when its time is up; its signal lets the work give up as well. */
    async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
      const limit = new AbortController()
      const { signal } = limit
      const cut = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      const timer = setTimeout(() => limit.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      running.add(limit)
      try {
        return await Promise.race([work(signal), cut])
      } finally {
        clearTimeout(timer)
        running.delete(limit)
      }
    },

    /** Cuts everything off that runs now. */
    end(): void {
      for (const limit of running) limit.abort(new Error('the simulator was closed'))
    },
  }
}
