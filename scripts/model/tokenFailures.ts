import {
  type CallEntry,
  codeOf,
  type FaultEntry,
  type RequestEntry,
  require,
  type StrikeEntry,
} from './history.ts'
import { isRefused, subjectOf, type TokenHistory } from './tokenHistory.ts'
import type { TokenSetting } from './tokenSetting.ts'

/**
 * I2, I8: no call fails unless something that went wrong explains it, and none repeats more than once inside.
 *
 * @throws Violation
 */
export function checkFailures(run: TokenHistory, setting: TokenSetting): void {
  for (const call of run.world.history.calls) {
    const refusals = refusalsOf(call, run).length
    require(refusals <= 2, 'I2 at most one repeat inside a call', () =>
      `call ${call.id} met ${refusals} refusals`)

    const code = codeOf(call.reply)
    if (call.endedAtMs === undefined || code === 'OK') continue
    require(isExplained(call, code, run, setting), 'I2 no call fails without a reason', () =>
      `call ${call.id} of ${call.instance.name} failed with ${code}`)
  }
}

/** How long what happened before a call may still be felt in it. */
const AFTERMATH_MS = 10_000
const LONGEST_PAUSE_MS = 60_000
/** Enough for a call to outwait a holder that died, and then to fetch. */
const PATIENT_CALL_MS = 12_000

function isExplained(call: CallEntry, code: string, run: TokenHistory, setting: TokenSetting): boolean {
  const { mode, maxSkewMs } = setting
  const { strikes, faults } = run.world.history
  const isShort = call.deadlineAtMs - call.startedAtMs < PATIENT_CALL_MS
  const needsStore = mode === 'classic' || call.name === 'refreshAccessToken'
  const wasFrozen = strikes.some(
    ({ instance, untilMs, atMs }) => instance === call.instance && isDuring(call, atMs, untilMs - atMs),
  )
  const missedStore = run.faults.some(({ key, atMs }) => key !== '' && isDuring(call, atMs, AFTERMATH_MS))
  const missedWechat = faults.some(
    ({ key, atMs, instance }) =>
      key === '' && instance === call.instance && isDuring(call, atMs, AFTERMATH_MS),
  )
  const missedHolder = strikes.some(({ atMs, untilMs }) =>
    isDuring(call, atMs, untilMs - atMs + AFTERMATH_MS),
  )

  switch (code) {
    case 'STATE_UNAVAILABLE':
      return needsStore && (missedStore || wasFrozen)
    case 'CONFIG_ERROR':
      return run.faults.some((fault) => fault.fault === 'wrongSecret' && isStillFelt(fault, call, run))
    case 'UPSTREAM_REJECTED':
      return wasStruckTwice(call, run, setting)
    case 'UPSTREAM_TIMEOUT':
      if (
        wasFrozen ||
        (needsStore && missedStore) ||
        (isShort && (missedStore || missedHolder || maxSkewMs > 0))
      )
        return true
      break
    case 'UPSTREAM_UNAVAILABLE':
    case 'UPSTREAM_BAD_RESPONSE':
      break
    default:
      return false
  }
  return missedWechat || run.faults.some((fault) => fault.key === '' && isStillFelt(fault, call, run))
}

function isDuring(
  { startedAtMs, endedAtMs = Number.POSITIVE_INFINITY }: CallEntry,
  atMs: number,
  felt = 0,
): boolean {
  return startedAtMs - felt <= atMs && atMs <= endedAtMs
}

/**
 * A fault of the token endpoint keeps the deployment waiting until a refresh has succeeded, and an instance that
 * cannot read of that for as long as a pause lasts.
 */
function isStillFelt({ atMs }: FaultEntry, call: CallEntry, { changes, faults }: TokenHistory): boolean {
  const isBlind = faults.some(
    (fault) => fault.key !== '' && fault.instance === call.instance && isDuring(call, fault.atMs),
  )
  if (isDuring(call, atMs, isBlind ? LONGEST_PAUSE_MS : AFTERMATH_MS)) return true

  const hasRecovered = changes.some(
    ({ atMs: changedAtMs, before, after }) =>
      changedAtMs > atMs &&
      changedAtMs <= call.startedAtMs &&
      after.token !== undefined &&
      after.token.fence !== before?.token?.fence,
  )
  return atMs < call.startedAtMs && !hasRecovered
}

/**
 * Whether two refusals of one call are due to what was done to tokens: to each of two since it was fetched, to one
 * and the same twice during the call. One of two may have come to its end, by a later
 * classic token or under a clock that is off.
 */
function wasStruckTwice(call: CallEntry, run: TokenHistory, { mode, maxSkewMs }: TokenSetting): boolean {
  const blows = run.world.history.strikes.filter(isBlow)
  const [first, second] = refusalsOf(call, run)
  if (!first || !second) return false
  if (first.token === second.token) {
    // What WeChat has just given out again although it was refused is not doubted a second time.
    const refusedByChance = run.world.history.requests.some(
      ({ fault, token, arrivedAtMs }) =>
        fault === 'invalidToken' && token === first.token && isDuring(call, arrivedAtMs, AFTERMATH_MS),
    )
    const byChance = [first, second].filter(({ fault }) => fault === 'invalidToken').length
    const struck = blows.filter(({ atMs }) => isDuring(call, atMs, AFTERMATH_MS)).length
    return Math.max(byChance, refusedByChance ? 1 : 0) + struck >= 2
  }
  const isStruck = ({ fault, token, arrivedAtMs }: RequestEntry) => {
    const fetched = run.fetches.find(({ value }) => value === token)
    const wasStruck = blows.some(({ atMs }) => fetched && fetched.arrivedAtMs <= atMs && atMs <= arrivedAtMs)
    return fault === 'invalidToken' || wasStruck
  }
  const hasEnded = ({ answer }: RequestEntry) =>
    (maxSkewMs > 0 || mode === 'classic') && answer?.errcode === 42001
  const struck = [first, second].filter(isStruck)
  return struck.length === 2 || (struck.length === 1 && [first, second].some(hasEnded))
}

const isBlow = ({ kind }: StrikeEntry): boolean => kind === 'tokensKilled' || kind === 'otherParty'

const refusalsOf = (call: CallEntry, { world }: TokenHistory) =>
  world.history.requests.filter((request) => request.subject === subjectOf(call) && isRefused(request))
