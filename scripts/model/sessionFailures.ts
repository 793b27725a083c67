import { type CallEntry, codeOf, require } from './history.ts'
import { LOGIN_PATH } from './modelWechat.ts'
import { type Deeds, endOf, type Login, mayPrecede, startOf } from './sessionHistory.ts'
import type { SessionSetting } from './sessionMachine.ts'
import type { World } from './world.ts'

/** No call fails unless something that went wrong, or that its user did, explains it. */
export function checkSessionFailures(world: World, deeds: Deeds, setting: SessionSetting): void {
  for (const login of deeds.logins) {
    const code = codeOf(login.call.reply)
    require(isExplained(login, code, world, deeds, setting), 'S7 no login fails without a reason', () =>
      `call ${login.call.id} failed with ${code}`)
  }
  for (const { call } of [...deeds.logouts, ...deeds.uses]) {
    if (codeOf(call.reply) !== 'STATE_UNAVAILABLE') continue
    require(missedStore(call, world), 'S7 no call fails without a reason', () =>
      `call ${call.id} failed with STATE_UNAVAILABLE`)
  }
}

function isExplained(
  login: Login,
  code: string,
  world: World,
  deeds: Deeds,
  setting: SessionSetting,
): boolean {
  switch (code) {
    case 'OK':
    case 'no reply':
      return true
    case 'CODE_USED':
    case 'CODE_INVALID':
      return deeds.logins.some((other) => other !== login && other.code === login.code)
    case 'SESSION_EXPIRED':
      return wasOvertaken(login, deeds)
    case 'STATE_UNAVAILABLE':
      return missedStore(login.call, world)
    case 'CODE_OUTCOME_UNKNOWN':
      return missedStore(login.call, world) || missedWechat(login.call, world)
    case 'UPSTREAM_UNAVAILABLE':
    case 'UPSTREAM_TIMEOUT':
    case 'UPSTREAM_BAD_RESPONSE':
      return (
        missedWechat(login.call, world) && (setting.dangers.has('wechat') || setting.dangers.has('freeze'))
      )
    default:
      return false
  }
}

/**
 * A logout during the login; with clocks that differ, one that seems to have been during it. The use of a
 * replaced token is like a logout to a login that brings a token.
 */
function wasOvertaken(login: Login, { logouts, uses, logins }: Deeds): boolean {
  const thefts =
    login.carried === undefined ? [] : [...uses, ...logins.filter((other) => other.carried !== undefined)]
  return [...logouts, ...thefts].some((other) => {
    if (other.openid !== login.openid || other.call === login.call) return false
    const behindMs = other.call.instance.skewMs - login.call.instance.skewMs
    const [fromMs, toMs] = [startOf(other) + behindMs, endOf(other) + behindMs]
    const isDuring = startOf(other) <= endOf(login) && endOf(other) >= startOf(login)
    return (
      isDuring || (fromMs <= login.call.deadlineAtMs && toMs >= startOf(login) && mayPrecede(other, login))
    )
  })
}

function wasFrozen(call: CallEntry, { history }: World): boolean {
  return history.strikes.some(
    ({ instance, atMs, untilMs }) =>
      instance === call.instance &&
      atMs <= (call.endedAtMs ?? Number.POSITIVE_INFINITY) &&
      untilMs >= call.startedAtMs,
  )
}

const missedStore = (call: CallEntry, world: World): boolean =>
  wasFrozen(call, world) ||
  world.history.faults.some(
    ({ key, instance, atMs }) =>
      key !== '' &&
      instance === call.instance &&
      call.startedAtMs <= atMs &&
      atMs <= (call.endedAtMs ?? atMs),
  )

const missedWechat = (call: CallEntry, world: World): boolean =>
  wasFrozen(call, world) ||
  world.history.faults.some(
    ({ operation, instance, atMs }) =>
      operation === LOGIN_PATH &&
      instance === call.instance &&
      call.startedAtMs <= atMs &&
      atMs <= (call.endedAtMs ?? atMs),
  )
