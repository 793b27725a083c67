import { require } from './history.ts'
import type { TokenHistory } from './tokenHistory.ts'
import { LIFE_MS, RENEWED_BEFORE_END_MS, type TokenSetting } from './tokenSetting.ts'

/**
 * I1, I6: one refresh for each window, and one more for each thing that went wrong with one.
 *
 * @throws Violation
 */
export function checkRefreshes(run: TokenHistory, { maxSkewMs }: TokenSetting): void {
  const { world, asked, faults } = run
  const strikes = world.history.strikes.filter(({ kind }) => kind !== 'kill')
  const windows =
    1 + Math.floor(((asked.at(-1)?.arrivedAtMs ?? 0) - (asked[0]?.arrivedAtMs ?? 0)) / WINDOW_MS)
  const fromClocks = maxSkewMs > 0 ? REFRESHES_PER_CLOCK * world.instances.length * windows : 0
  // What was left of a fetch's time after a fault may be too short for its last attempt.
  const unheard = asked.filter(({ fault, isHeard }) => fault === undefined && !isHeard)
  const causes = [
    faults.length + unheard.length,
    strikes.length,
    countLostLeases(run),
    countRefusedByChance(run),
    fromClocks,
  ]
  const allowed = causes.reduce((sum, count) => sum + count, windows)

  require(asked.length <= allowed, 'I1 one refresh for each window and fault', () =>
    `${asked.length} in ${windows} windows, with ${causes.join(' + ')} faults, strikes, leases, refusals, clocks`)
}

/**
 * Instances whose clocks are further apart than a lease lasts take each other's leases for over. It takes them
 * a few seconds and some refreshes too many to agree, and none of their calls fails.
 */
const REFRESHES_PER_CLOCK = 5

/** Leases that ran out, and somebody else took over. */
const countLostLeases = ({ changes }: TokenHistory): number =>
  changes.filter(({ before, after, atMs }, index) => {
    const leasedBy = changes.findLast(
      (change, at) => at < index && change.after.fence === before?.fence,
    )?.instance
    const untilMs = (before?.lease?.untilMs ?? Number.POSITIVE_INFINITY) - (leasedBy?.skewMs ?? 0)
    return after.fence !== before?.fence && untilMs <= atMs + ROUNDING_MS
  }).length

const ROUNDING_MS = 1

/** The least time between two renewals that nothing went wrong with. */
export const WINDOW_MS = LIFE_MS - RENEWED_BEFORE_END_MS - 60_000

/** Refusals of living tokens: those of one value at one moment count once, however many calls they hit. */
function countRefusedByChance({ world }: TokenHistory): number {
  const countedAtMs = new Map<string, number>()
  let count = 0
  for (const { fault, token = '', arrivedAtMs } of world.history.requests) {
    if (fault !== 'invalidToken' || arrivedAtMs - (countedAtMs.get(token) ?? 0) < SAME_MOMENT_MS) continue
    countedAtMs.set(token, arrivedAtMs)
    count++
  }
  return count
}

const SAME_MOMENT_MS = 400

/**
 * I5: while WeChat keeps failing it is asked at a bounded rate; what is fatal is asked once a minute.
 *
 * @throws Violation
 */
export function checkRate(run: TokenHistory, { maxSkewMs }: TokenSetting): void {
  const { asked, faults, world } = run
  const disturbed = (fromMs: number, toMs: number): number =>
    faults.filter(({ atMs, fault }) => fault !== 'wrongSecret' && fromMs <= atMs && atMs <= toMs).length +
    world.history.strikes.filter(({ atMs, untilMs }) => fromMs <= untilMs && atMs <= toMs).length
  const fromClocks = maxSkewMs > 0 ? world.instances.length : 0

  const fatal = asked.filter(({ fault }) => fault === 'wrongSecret')
  for (const { arrivedAtMs } of fatal) {
    const untilMs = arrivedAtMs + 58_000
    const count = fatal.filter(
      (other) => other.arrivedAtMs >= arrivedAtMs && other.arrivedAtMs < untilMs,
    ).length
    const allowed = 1 + fromClocks + disturbed(arrivedAtMs - 10_000, untilMs)
    require(count <= allowed, 'I5 a fatal error is asked about once a minute', () =>
      `${count} times instead of ${allowed}`)
  }
  for (const { arrivedAtMs } of asked) {
    const untilMs = arrivedAtMs + 30_000
    const count = asked.filter(
      (other) => other.arrivedAtMs >= arrivedAtMs && other.arrivedAtMs < untilMs,
    ).length
    const others =
      world.history.strikes.filter(
        ({ atMs, untilMs: endMs }) => arrivedAtMs - 10_000 <= endMs && atMs <= untilMs,
      ).length +
      faults.filter(({ key, atMs }) => key !== '' && arrivedAtMs - 3000 <= atMs && atMs <= untilMs).length +
      countRefusedByChance(run)
    const lines = maxSkewMs > 0 ? world.instances.length : 1
    const allowed = 3 * (4 * lines + others)
    require(count <= allowed, 'I5 WeChat is asked for tokens at a bounded rate', () =>
      `${count} times in 30 s instead of ${allowed}`)
  }
}
