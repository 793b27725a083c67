import { checkCalls } from './callInvariants.ts'
import { require, type StrikeEntry } from './history.ts'
import { nameOf } from './modelTransport.ts'
import { CHECK_PATH } from './modelWechat.ts'
import { checkRate, checkRefreshes, WINDOW_MS } from './refreshInvariants.ts'
import { checkFailures } from './tokenFailures.ts'
import { isRefused, readTokenHistory, type TokenHistory } from './tokenHistory.ts'
import type { TokenSetting } from './tokenSetting.ts'
import type { World } from './world.ts'

/**
 * Checks a run against the invariants of the shared access token.
 *
 * @throws Violation
 */
export function checkToken(world: World, setting: TokenSetting): void {
  const run = readTokenHistory(world)
  checkCalls(world, { everywhere: run.fetches.map(({ value }) => value) })
  checkRefreshes(run, setting)
  checkFailures(run, setting)
  checkRecord(run)
  checkRate(run, setting)
  checkRefusals(run, setting)
  checkSentTokens(run, setting)
  checkTakeover(run, setting)
  if (setting.mode === 'classic') checkSuspicion(run)
}

/** I3, I4: the fence never goes back, and a token stands with the end that came with it. */
function checkRecord({ changes, fetches, world }: TokenHistory): void {
  const refused = new Set(world.history.requests.filter(isRefused).map(({ token }) => token))
  for (const { before, after, instance, atMs } of changes) {
    require(after.fence >= (before?.fence ?? 0), 'I3 the fence never goes back', () =>
      `at ${atMs} by ${instance.name}`)
    const { token } = after
    const former = before?.token
    if (former && !token)
      require(refused.has(former.value), 'I6 only a refused token is dropped', () =>
        `${nameOf(former.value)} was not`)
    if (
      !token ||
      (former?.fence === token.fence &&
        former.value === token.value &&
        former.expiresAtMs === token.expiresAtMs)
    )
      continue

    require(token.fence >= (former?.fence ?? 0), 'I3 an older fence never overwrites a newer token', () =>
      nameOf(token.value))
    const endMs = token.expiresAtMs - instance.skewMs
    const own = fetches.filter((fetch) => fetch.instance === instance && fetch.value === token.value)
    const isOfOne = own.some(
      (fetch) => endMs <= fetch.sentAtMs + fetch.lifeMs && endMs >= fetch.sentAtMs + fetch.lifeMs - 6000,
    )
    require(isOfOne, 'I4 token and end come from one refresh', () =>
      `${nameOf(token.value)} written by ${instance.name}`)
  }
}

/** I8: clocks that are off cost one refusal for each instance and window, and nothing else costs any. */
function checkRefusals(run: TokenHistory, { dangers, maxSkewMs }: TokenSetting): void {
  const { world, fetches } = run
  const { requests } = world.history
  if (dangers.size > 0 || fetches.length === 0) return

  for (const instance of world.instances) {
    const refused = new Set(
      requests
        .filter(isRefused)
        .filter((request) => request.instance === instance)
        .map(({ token }) => token),
    )
    const windows =
      1 + Math.floor(((requests.at(-1)?.arrivedAtMs ?? 0) - (requests[0]?.arrivedAtMs ?? 0)) / WINDOW_MS)
    const allowed = maxSkewMs > 0 ? windows : 0
    require(refused.size <=
      allowed, 'I8 a clock that is off costs one refusal for each instance and window', () =>
      `${instance.name} sent ${refused.size} dead tokens`)
  }
}

/** I7: where the clocks are right, no token is sent after the end that WeChat told. */
function checkSentTokens({ world, fetches }: TokenHistory, { maxSkewMs }: TokenSetting): void {
  if (maxSkewMs > 0) return
  const seen = new Set<string>()
  for (const { path, token, sentAtMs, instance, subject } of world.history.requests) {
    // What is repeated after a lost answer goes out with the token that it was given.
    const isRepeat = seen.has(`${subject} ${token}`)
    seen.add(`${subject} ${token}`)
    if (path !== CHECK_PATH || isRepeat) continue
    const ends = fetches
      .filter(({ value }) => value === token)
      .map(({ arrivedAtMs, lifeMs }) => arrivedAtMs + lifeMs)
    require(sentAtMs < Math.max(...ends), 'I7 no token is sent after its end', () =>
      `${nameOf(token ?? '')} by ${instance.name}`)
  }
}

/** I9: when a lease ended without a result, whoever waits takes over within one poll. */
function checkTakeover({ changes, world, faults }: TokenHistory, { maxSkewMs }: TokenSetting): void {
  if (maxSkewMs > 0 || faults.length > 0) return
  const { strikes, calls } = world.history
  if (strikes.some(({ kind }) => kind === 'freeze')) return
  for (const { before, after, atMs } of changes) {
    const endedAtMs = before?.lease?.untilMs
    if (endedAtMs === undefined || after.fence === before?.fence) continue
    const waiting = calls.filter(
      ({ startedAtMs, endedAtMs: replyAtMs = Number.POSITIVE_INFINITY, instance }) =>
        !instance.isDead && startedAtMs <= atMs && replyAtMs >= atMs,
    )
    const sinceMs = Math.min(...waiting.map(({ startedAtMs }) => startedAtMs))
    require(atMs <= Math.max(endedAtMs, sinceMs) + 1000 + 100 ||
      waiting.length === 0, 'I9 a dead holder is replaced within one poll', () =>
      `${Math.round(atMs - endedAtMs)} ms after its lease`)
  }
}

/** Classic tokens end each other: the newest is the one that is shared, or the record says that it may not be. */
function checkSuspicion({ changes, fetches, world, faults }: TokenHistory): void {
  const newest = fetches.at(-1)
  const record = changes.at(-1)?.after
  const strikes = world.history.strikes.filter(
    ({ kind, instance }: StrikeEntry) =>
      kind === 'otherParty' || (kind === 'kill' && instance === newest?.instance),
  )
  if (
    !newest?.isHeard ||
    strikes.some(({ atMs }) => atMs >= newest.sentAtMs) ||
    faults.some(({ atMs }) => atMs >= newest.sentAtMs)
  )
    return
  const isShared =
    record?.token?.value === newest.value || record?.token === undefined || record.suspectFence !== undefined
  require(isShared, 'I3 a fetch that was overtaken leaves the token suspect', () =>
    `${nameOf(newest.value)} is not known`)
}
