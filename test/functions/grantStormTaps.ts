import recordSubscription from '../../functions/recordSubscription/index.ts'
import type { Chance } from '../../scripts/model/chance.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { World } from '../support/world.ts'
import type { StormFleet } from './grantStormFleet.ts'
import type { StormHistory } from './grantStormHistory.ts'
import { grantKey, type StormPushes } from './grantStormPushes.ts'
import type { HearRemaining } from './grantStormTruth.ts'

/** Tellings so far apart are of two taps: the ledger's ten minutes, and the seconds that WeChat leaves out. */
const APART_MS = 10 * 60_000 + 2000
/** How many rounds later a front end may tell. */
const LATEST_ROUND = 6

/** What a front end has to tell. */
type Telling = {
  readonly user: string
  readonly results: Readonly<Record<string, string>>
  readonly requestKey: string
  readonly isAtOnce: boolean
  roundsLeft: number
}

type Parts = {
  readonly world: World
  readonly clock: Clock
  readonly fleet: StormFleet
  readonly history: StormHistory
  readonly pushes: StormPushes
  readonly chance: Chance
}

export type StormTaps = ReturnType<typeof createStormTaps>

/** What users answer to popups and switch off, and what their front ends tell of it: at once, late, twice or never. */
export function createStormTaps({
  world: { simulator, wechatUser },
  clock,
  fleet,
  history,
  pushes,
  chance,
}: Parts) {
  /** The second of each user's latest tap. */
  const secondOf = new Map<string, number>()
  /** Until when a push without a telling may be taken for that of a later tap: a run of taps hands it on. */
  const pushLeftUntilMs = new Map<string, number>()
  /** Until when a telling without a push may be taken for that of a later tap. */
  const tellingLeftUntilMs = new Map<string, number>()
  const told: Telling[] = []
  let waiting: readonly Telling[] = []
  let taps = 0

  const secondNow = () => Math.floor(clock.nowMs() / 1000)
  const isOver = (untilMs = 0) => clock.nowMs() >= untilMs

  /** A tap that one alone tells of must not look like another that the other alone tells of. */
  function chooseTellers(user: string, templateIds: readonly string[]): 'both' | 'push' | 'frontEnd' {
    const tellers = chance.pick(['both', 'both', 'both', 'both', 'push', 'push', 'push', 'frontEnd'] as const)
    const isWaiting = (id: string) => waiting.some((other) => other.user === user && id in other.results)
    const isFree = (id: string) =>
      tellers === 'push'
        ? isOver(tellingLeftUntilMs.get(grantKey(user, id)))
        : isOver(pushLeftUntilMs.get(grantKey(user, id))) && !isWaiting(id)
    return templateIds.every(isFree) ? tellers : 'both'
  }

  async function tell(telling: Telling, hearRemaining: HearRemaining): Promise<void> {
    const { user, results, requestKey, isAtOnce: isSafe } = telling
    const call = { origin: wechatUser(user), input: { results, requestKey }, isSafe }
    const reply = await fleet.call(recordSubscription, call)
    if (reply === undefined) return
    if (!reply.ok) throw new Error(`${requestKey} failed: ${JSON.stringify(reply.error)}`)

    hearRemaining(simulator.phone(user).openid, reply.data.remaining)
    waiting = waiting.filter((other) => other !== telling)
    told.push(telling)
  }

  return {
    get count() {
      return taps
    },

    /** A user answers a popup, unless they have just answered one. */
    tap(
      user: string,
      templateIds: readonly string[],
      { isAccepted }: { readonly isAccepted: boolean },
    ): void {
      if (secondOf.get(user) === secondNow()) return

      const tellers = chooseTellers(user, templateIds)
      const phone = simulator.phone(user)
      const results = isAccepted
        ? phone.acceptSubscribe(...templateIds)
        : phone.rejectSubscribe(...templateIds)
      taps++
      history.note({ tapped: results, openid: phone.openid, tellers })
      secondOf.set(user, secondNow())
      if (tellers === 'frontEnd') pushes.loseLatest()
      const keys = templateIds.map((id) => grantKey(user, id))
      const untilMs = clock.nowMs() + APART_MS
      for (const key of keys) {
        if (tellers === 'push' || !isOver(pushLeftUntilMs.get(key))) pushLeftUntilMs.set(key, untilMs)
        if (tellers === 'frontEnd') tellingLeftUntilMs.set(key, untilMs)
      }
      if (tellers === 'push') return

      const isAtOnce = !keys.every((key) => isOver(tellingLeftUntilMs.get(key)))
      const roundsLeft = isAtOnce ? 0 : chance.pick([0, 0, 0, chance.integer(1, LATEST_ROUND)])
      waiting = [...waiting, { user, results, requestKey: `tap-${taps}`, isAtOnce, roundsLeft }]
    },

    /** A user switches a template off, unless they have just answered a popup. */
    refuse(user: string, templateId: string): void {
      if (secondOf.get(user) === secondNow()) return

      const phone = simulator.phone(user)
      const left = simulator.grantsLeft(phone.openid, templateId)
      phone.refuseInSettings(templateId)
      history.note({ refused: templateId, openid: phone.openid })
      pushes.weighLatest(left)
    },

    /** The front ends tell what is due, now and then twice, and at times again what they have told. */
    async tellDue(hearRemaining: HearRemaining): Promise<void> {
      const due = waiting.filter(({ roundsLeft }) => roundsLeft === 0)
      for (const telling of waiting) telling.roundsLeft = Math.max(0, telling.roundsLeft - 1)
      const twice = due.filter(() => chance.happens(0.1))
      const again = told.slice(-20).filter(() => chance.happens(0.02))
      await Promise.all([...due, ...twice, ...again].map((telling) => tell(telling, hearRemaining)))
    },

    /** The front ends tell all that they have not told. */
    async tellAll(hearRemaining: HearRemaining): Promise<void> {
      while (waiting.length > 0) {
        await Promise.all(waiting.map((telling) => tell(telling, hearRemaining)))
      }
    },
  }
}
