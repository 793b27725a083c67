import { codeOf, type RequestEntry, require } from './history.ts'
import {
  askedAtMs,
  type Deeds,
  endOf,
  exchangeOf,
  isBefore,
  isOk,
  type Login,
  mayPrecede,
  startOf,
  type Use,
} from './sessionHistory.ts'
import type { SessionSetting } from './sessionMachine.ts'
import type { World } from './world.ts'

const PREVIOUS_KEY_MS = 300_000
const FAILURE_WINDOW_MS = 600_000
const MAX_FAILURES = 10
/** A login may keep its call waiting for so long, and its instance may be killed meanwhile. */
const LONGEST_LOGIN_MS = 10_000

/** A login with WeChat's answer to it. */
type KeyedLogin = Login & { readonly exchange: RequestEntry; readonly askedAtMs: number }

/** Which session keys are honoured, for how long, and how often one may guess. */
export function checkKeys(world: World, deeds: Deeds, setting: SessionSetting): void {
  const keyed = deeds.logins.flatMap((login) => {
    const exchange = exchangeOf(world, login)
    return exchange ? [{ ...login, exchange, askedAtMs: askedAtMs(world, login) }] : []
  })
  for (const use of deeds.uses) {
    const source = keyed.find(
      ({ exchange }) => use.key && exchange.answer?.session_key === use.key.sessionKey,
    )
    const code = codeOf(use.call.reply)
    if (code === 'OK') {
      require(use.key !== undefined && source !== undefined, 'S8 nothing is read without a key', () =>
        `call ${use.call.id}`)
      if (source) checkHonoured(use, source, keyed, deeds, setting)
    }
    if (code === 'DECRYPT_FAILED' && use.key && source) {
      require(mayBeUnknown(
        use,
        source,
        deeds,
        setting,
      ), 'S9 the living key and the one before it are honoured', () =>
        `call ${use.call.id} signed with the key of call ${source.call.id}`)
    }
    if (code === 'RATE_LIMITED') {
      require(countAttempts(use, deeds, setting) >= MAX_FAILURES, 'S10 only failures use up the budget', () =>
        `call ${use.call.id}`)
    }
  }
  checkBudget(deeds, setting)
}

function checkHonoured(
  use: Use,
  source: KeyedLogin,
  keyed: readonly KeyedLogin[],
  deeds: Deeds,
  { maxSkewMs }: SessionSetting,
): void {
  const later = keyed.filter(
    (login) => login.openid === use.openid && isOk(login) && isLaterKey(login, source),
  )
  const replaced = later.find((login) => endOf(login) + PREVIOUS_KEY_MS + 2 * maxSkewMs < startOf(use))
  require(replaced === undefined, 'S11 no key outlives a later login by more than 300 s', () =>
    `call ${use.call.id} signed with the key of call ${source.call.id}, replaced by call ${replaced?.call.id}`)

  const logout = deeds.logouts.find((entry) => {
    if (entry.openid !== use.openid || !isOk(entry) || !isBefore(entry, use) || !isBefore(source, entry))
      return false
    const revoked = (entry.call.reply as { data: { revoked: number } }).data.revoked
    if (entry.isEverywhere) return true
    return revoked > 0 && later.some((login) => isBefore(login, entry))
  })
  require(logout === undefined, 'S12 the keys die with a logout', () =>
    `call ${use.call.id} signed with the key of call ${source.call.id}, ended by call ${logout?.call.id}`)
}

/**
 * Whether a key is certainly later than another: by WeChat's order and by that in which it was asked. Where two
 * clocks differ, nobody can tell the order of logins that were under way together.
 */
function isLaterKey(login: KeyedLogin, than: KeyedLogin): boolean {
  const [skewMs, thanSkewMs] = [login.call.instance.skewMs, than.call.instance.skewMs]
  if (skewMs !== thanSkewMs) {
    const [askedMs, thanAskedMs] = [startOf(login) + skewMs, startOf(than) + thanSkewMs]
    const seemsEarlier =
      thanAskedMs > askedMs - LONGEST_LOGIN_MS && thanAskedMs <= askedMs + 2 * LONGEST_LOGIN_MS
    return isBefore(than, login) && !seemsEarlier
  }
  return login.askedAtMs > than.askedAtMs && login.exchange.arrivedAtMs > than.exchange.arrivedAtMs
}

/** Whether a key may have been replaced, or ended, by the time of its use. */
function mayBeUnknown(use: Use, source: KeyedLogin, deeds: Deeds, { maxSkewMs }: SessionSetting): boolean {
  const isOfUser = ({ openid }: { readonly openid: string }) => openid === use.openid
  if (!isOk(source) || !isBefore(source, use)) return true
  if (
    deeds.logouts.some((entry) => isOfUser(entry) && mayPrecede(entry, use) && endOf(entry) > startOf(source))
  )
    return true
  // The reuse of a replaced token ends a session, and the previous key with it.
  const others = deeds.logins.filter(
    (entry) => isOfUser(entry) && entry.call !== source.call && mayPrecede(entry, use),
  )
  const rivals = others.filter(
    (entry) =>
      Math.min(endOf(entry), startOf(entry) + 2 * LONGEST_LOGIN_MS) > startOf(source) - LONGEST_LOGIN_MS,
  )
  if (rivals.length > 1 || deeds.logins.some(({ carried }) => carried !== undefined))
    return rivals.length > 0 || others.some(({ carried }) => carried !== undefined)
  const [rival] = rivals
  if (!rival) return false
  const isSuccessor = isBefore(source, rival)
  return !isSuccessor || endOf(use) >= startOf(rival) + PREVIOUS_KEY_MS - 2 * maxSkewMs
}

/** The attempts that may have failed in the last ten minutes. */
function countAttempts(use: Use, deeds: Deeds, { maxSkewMs }: SessionSetting): number {
  return deeds.uses.filter(
    (other) =>
      other.token === use.token &&
      other !== use &&
      mayPrecede(other, use) &&
      endOf(other) >= startOf(use) - FAILURE_WINDOW_MS - 2 * maxSkewMs &&
      codeOf(other.call.reply) !== 'OK',
  ).length
}

/** A session is told of at most ten failures in ten minutes. */
function checkBudget({ uses }: Deeds, { maxSkewMs }: SessionSetting): void {
  const windowMs = FAILURE_WINDOW_MS - 2 * maxSkewMs
  const failed = uses.filter((use) => codeOf(use.call.reply) === 'DECRYPT_FAILED')
  for (const first of failed) {
    const fromMs = startOf(first)
    const near = failed.filter(
      (use) => use.token === first.token && startOf(use) >= fromMs && endOf(use) < fromMs + windowMs,
    )
    require(near.length <= MAX_FAILURES, 'S10 ten failures in ten minutes and no more', () =>
      `${near.length} from call ${first.call.id} on`)
  }
}
