import type { Clock } from '../../shared/ports/clock.ts'

export type StormHistory = ReturnType<typeof createStormHistory>

/** What has happened, for the day that something is wrong: no two storms are quite the same. */
export function createStormHistory(clock: Clock) {
  const lines: string[] = []

  return {
    note: (happening: object) => void lines.push(`${clock.nowMs()} ${JSON.stringify(happening)}`),
    /** What has happened to a user. */
    of: (openid: string): readonly string[] => lines.filter((line) => line.includes(openid)),
  }
}
