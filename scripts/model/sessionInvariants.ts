import type { Account } from '../../shared/state/accounts.ts'
import { checkCalls } from './callInvariants.ts'
import { require } from './history.ts'
import { checkKeys } from './keyInvariants.ts'
import { openRecord } from './openRecord.ts'
import { checkSessionFailures } from './sessionFailures.ts'
import { askedAtMs, type Deeds, endOf, isOk, sessionOf, startOf } from './sessionHistory.ts'
import type { SessionSetting } from './sessionMachine.ts'
import { checkTokens } from './sessionTokens.ts'
import type { World } from './world.ts'

/**
 * Checks a run against the invariants of sessions and their keys.
 *
 * @throws Violation
 */
export function checkSessions(world: World, deeds: Deeds, setting: SessionSetting): void {
  const tokens = deeds.logins.flatMap((login) => sessionOf(login)?.token.slice(23) ?? [])
  checkCalls(world, {
    everywhere: world.wechat.keys.map(({ sessionKey }) => sessionKey),
    outsideReplies: tokens,
  })
  checkTokens(world, deeds, setting)
  checkSessionFailures(world, deeds, setting)
  checkKeys(world, deeds, setting)
  if (setting.maxSkewMs === 0) checkStored(world, deeds)
}

/** What is stored after a logout everywhere is of later logins, also where nobody was told of it. */
function checkStored(world: World, { logins, logouts }: Deeds): void {
  for (const write of world.history.writes) {
    if (!write.key.includes(':account:')) continue
    const { openid, sessions } = openRecord<Account>(write)
    const logout = logouts.findLast(
      (entry) => entry.isEverywhere && entry.openid === openid && isOk(entry) && endOf(entry) < write.atMs,
    )
    if (!logout) continue

    const later = logins.filter(
      (login) => login.openid === openid && askedAtMs(world, login) >= startOf(logout),
    ).length
    require(sessions.length <= later, 'S13 a logout everywhere outlasts the logins of before', () =>
      `${sessions.length} sessions and ${later} logins since call ${logout.call.id}`)
  }
}
