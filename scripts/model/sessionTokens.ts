import { codeOf, require } from './history.ts'
import {
  askedAtMs,
  type Deeds,
  endOf,
  isBefore,
  isLetIn,
  isOk,
  type Login,
  type Logout,
  mayPrecede,
  sessionOf,
  startOf,
  type Use,
} from './sessionHistory.ts'
import type { SessionSetting } from './sessionMachine.ts'
import type { World } from './world.ts'

/** Which tokens let their users in: those of a login, until a logout, a replacement or their end. */
export function checkTokens(world: World, deeds: Deeds, setting: SessionSetting): void {
  for (const use of deeds.uses) {
    const login = deeds.logins.find((entry) => sessionOf(entry)?.token === use.token)
    if (!login) continue

    if (isLetIn(use)) checkLetIn(use, login, world, deeds, setting)
    const code = codeOf(use.call.reply)
    if (code === 'UNAUTHENTICATED')
      require(mayBeRevoked(use, login, deeds), 'S1 a token works until it is ended', () =>
        `call ${use.call.id}`)
    if (code === 'SESSION_EXPIRED')
      require(mayBeOver(use, login, deeds, setting), 'S2 a session lasts as long as was said', () =>
        `call ${use.call.id}`)
  }
}

function checkLetIn(
  use: Use,
  login: Login,
  world: World,
  deeds: Deeds,
  { idleSeconds, maxSkewMs }: SessionSetting,
): void {
  const about = () => `call ${use.call.id}`
  const logout = deeds.logouts.find(
    (entry) => isOk(entry) && isBefore(entry, use) && ends(entry, login, world, deeds),
  )
  require(logout === undefined, 'S3 after a logout no instance accepts the token', () =>
    `${about()} after call ${logout?.call.id}`)
  const end = sessionOf(login)?.expiresAtMs ?? 0
  const isSurelyLive = (atMs: number) =>
    maxSkewMs === 0 || (idleSeconds * 500 > 2 * maxSkewMs && atMs + 2 * maxSkewMs < end)
  const successor = deeds.logins.find(
    (entry) =>
      isOk(entry) &&
      entry.carried === use.token &&
      entry.openid === use.openid &&
      isBefore(entry, use) &&
      isSurelyLive(endOf(entry)),
  )
  require(successor === undefined, 'S4 a replaced token is refused', () =>
    `${about()} after call ${successor?.call.id}`)

  const clockMs = startOf(use) + use.call.instance.skewMs
  require(clockMs < end, 'S5 a token is refused after its end', about)

  const touches = [
    login,
    ...[...deeds.uses, ...deeds.logouts].filter(
      (other) => other !== use && other.token === use.token && mayPrecede(other, use),
    ),
  ]
  const lastMs = Math.max(...touches.map((touch) => Math.min(endOf(touch), startOf(use))))
  require(startOf(use) - lastMs <
    idleSeconds * 1000 + 2 * maxSkewMs, 'S6 a token that was not used is refused', about)
}

/** Whether a logout ends the session of a login that had asked WeChat before it. */
function ends(logout: Logout, login: Login, world: World, deeds: Deeds): boolean {
  if (logout.openid !== login.openid) return false
  const isEarlier = isSameClock(logout, login)
    ? askedAtMs(world, login) < startOf(logout)
    : isBefore(login, logout)
  if (logout.isEverywhere) return isEarlier

  const token = sessionOf(login)?.token
  return token === logout.token || (isEarlier && ancestorsOf(login, deeds).has(logout.token ?? ''))
}

const isSameClock = (a: Logout | Login, b: Logout | Login): boolean =>
  a.call.instance.skewMs === b.call.instance.skewMs

/** The tokens that a session had before a login. */
function ancestorsOf({ carried, openid }: Login, deeds: Deeds): ReadonlySet<string> {
  const former = deeds.logins.find((entry) => carried !== undefined && sessionOf(entry)?.token === carried)
  return former && former.openid === openid
    ? new Set([carried ?? '', ...ancestorsOf(former, deeds)])
    : new Set()
}

/** Whether anything that somebody tried can have ended the session before the use was over. */
function mayBeRevoked(use: Use, login: Login, deeds: Deeds): boolean {
  const family = new Set([use.token, ...ancestorsOf(login, deeds)])
  const heirs = deeds.logins.filter((entry) => ancestorsOf(entry, deeds).has(use.token))
  const descendants = new Set(heirs.map((entry) => sessionOf(entry)?.token))
  const isOfFamily = (token: string | undefined) =>
    token !== undefined && (family.has(token) || descendants.has(token))
  const former = ancestorsOf(login, deeds)

  return (
    deeds.logouts.some(
      (entry) =>
        mayPrecede(entry, use) &&
        entry.openid === use.openid &&
        (entry.isEverywhere || isOfFamily(entry.token)),
    ) ||
    deeds.logins.some(
      (entry) =>
        mayPrecede(entry, use) &&
        entry.carried !== undefined &&
        (entry.carried === use.token || former.has(entry.carried)) &&
        entry !== login,
    ) ||
    deeds.uses.some((entry) => mayPrecede(entry, use) && former.has(entry.token))
  )
}

/** A use is written down only now and then: as often as a tenth of the idle limit, or half of a short one. */
const UNWRITTEN_SHARE = 0.5

function mayBeOver(
  use: Use,
  login: Login,
  deeds: Deeds,
  { idleSeconds, maxSkewMs, dangers }: SessionSetting,
): boolean {
  const clockMs = endOf(use) + use.call.instance.skewMs
  if (clockMs >= (sessionOf(login)?.expiresAtMs ?? 0)) return true
  // A logout, or a replaced token, that comes between the check of the token and the note of a failure.
  const thefts = deeds.uses.filter(({ call }) => call.id !== use.call.id && codeOf(call.reply) !== 'OK')
  const overlapping = [...deeds.logouts, ...thefts].some(
    (entry) => entry.openid === use.openid && mayPrecede(entry, use) && endOf(entry) >= startOf(use),
  )
  if (overlapping) return true

  const touches = [
    login,
    ...deeds.uses.filter((other) => isLetIn(other) && other.token === use.token && isBefore(other, use)),
  ]
  const lastMs = Math.max(...touches.map((touch) => startOf(touch)))
  const patienceMs =
    dangers.has('store') || dangers.has('kill') ? 0 : idleSeconds * 1000 * UNWRITTEN_SHARE - 2 * maxSkewMs
  const sinceLoginMs = endOf(use) - startOf(login)
  return endOf(use) - lastMs >= patienceMs && sinceLoginMs >= idleSeconds * 1000 - 2 * maxSkewMs
}
