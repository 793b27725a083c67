import { createChance } from '../../scripts/model/chance.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { createPushWorld } from '../support/pushWorld.ts'
import { createStormClock } from './grantStormClock.ts'
import { createStormFleet } from './grantStormFleet.ts'
import { createStormHistory } from './grantStormHistory.ts'
import { createStormMessages } from './grantStormMessages.ts'
import { createStormPushes } from './grantStormPushes.ts'
import { createStormTaps } from './grantStormTaps.ts'
import { createStormTruth, LONG_TERM, TEMPLATES, USERS } from './grantStormTruth.ts'

const SEND = '/cgi-bin/message/subscribe/send'
const POPUPS = [['tea'], ['tea'], ['cake'], ['cake'], ['tea', 'cake'], [LONG_TERM]] as const

const MINUTE_MS = 60_000
/** Until whoever died has lost its turn, with the second that its deadline is outlived by. */
const BEYOND_TURNS_MS = 12_000
/** After it a message of which there is no report is taken for not sent. */
const BEYOND_REPORTS_MS = 61 * MINUTE_MS
/** So far apart WeChat's whole seconds leave no doubt what came first. */
const DISTINCT_MS = 2100
/** Of so many messages one is reset, three of four of these after WeChat has taken it. */
const MESSAGES_A_RESET = 60
/** Some answers take so long that the next message to the same user would come too soon. */
const SLOW = { latencyMs: 5, times: 4 }

/** A deployment in a storm: rounds in which much happens at once, and between which time passes. */
export async function createGrantStorm(seed: number) {
  const chance = createChance(seed)
  const clock = createStormClock()
  const world = await createPushWorld({
    environment: {
      WECHAT_SUBSCRIBE_TEMPLATES: TEMPLATES.join(),
      WECHAT_LONG_TERM_TEMPLATES: LONG_TERM,
      LOG_LEVEL: 'error',
    },
    effects: { clock, random: chance.fork(), memoryStore: createMemoryStore(clock) },
    push: { format: 'xml' },
    simulator: {
      nowMs: clock.nowMs,
      refusesConcurrentSends: true,
      templates: TEMPLATES.map((id) => ({
        id,
        title: id,
        keywords: ['thing1'],
        kind: id === LONG_TERM ? 'longTerm' : 'once',
      })),
    },
  })
  const { simulator, target } = world
  const history = createStormHistory(clock)
  const fleet = createStormFleet({ world, history, chance: chance.fork() })
  const pushes = createStormPushes({ simulator, chance: chance.fork() })
  const truth = createStormTruth({ world, fleet, history, pushes })
  const taps = createStormTaps({ world, clock, fleet, history, pushes, chance: chance.fork() })
  const messages = createStormMessages({ world, fleet, chance: chance.fork() })
  simulator.pushTo(fleet)
  let resets = 0

  /** Seconds, and at times long enough for news to come after the hour in which a report is waited for. */
  async function letTimePass(): Promise<void> {
    if (chance.happens(0.04)) {
      fleet.renew({ isMortal: false })
      await taps.tellAll(truth.limitRemaining())
      clock.advance(chance.integer(1, 40) * MINUTE_MS)
    } else clock.advance(chance.integer(300, 6000))
  }

  function happenOnPhones(): void {
    const users = new Set(Array.from({ length: 8 }, () => chance.pick(USERS)))
    for (const user of users) {
      if (chance.happens(0.03)) taps.refuse(user, chance.pick(TEMPLATES))
      else taps.tap(user, chance.pick(POPUPS), { isAccepted: chance.happens(0.93) })
    }
  }

  /** A template of which the user has a grant, and seldom another. */
  function chooseTemplate(user: string): string {
    const [first, ...others] = TEMPLATES.filter((id) => truth.grantsLeft(user, id) > 0)
    return first && chance.happens(0.95) ? chance.pick([first, ...others]) : chance.pick(TEMPLATES)
  }

  /** Messages to some users, to some of them several at once. */
  const chooseSends = () =>
    Array.from({ length: 8 }, () => chance.pick(USERS)).flatMap((user) => {
      const times = chance.happens(0.15) ? chance.integer(2, 4) : 1
      return Array.from({ length: times }, () => ({ user, templateId: chooseTemplate(user) }))
    })

  async function runRound(): Promise<void> {
    await letTimePass()
    const isReset = messages.count >= resets * MESSAGES_A_RESET
    if (isReset) simulator.faults.add({ path: SEND, reset: resets++ % 4 === 3 ? 'before' : 'afterTaken' })
    if (chance.happens(0.5)) simulator.faults.add({ path: SEND, ...SLOW })
    fleet.renew({ isMortal: !isReset && chance.happens(0.5) })
    happenOnPhones()
    const hearRemaining = truth.limitRemaining()
    await Promise.all([
      taps.tellDue(hearRemaining),
      ...chooseSends().map(({ user, templateId }) => messages.send(user, templateId, hearRemaining)),
      chance.happens(0.4) && messages.repeatOne(hearRemaining),
      pushes.releaseDue(),
    ])
    await fleet.idle()
    simulator.faults.clear()
    if (isReset) clock.advance(DISTINCT_MS)
  }

  const storm = {
    truth,
    pushes,
    messages,
    killed: fleet.killed,

    /** Taps, messages asked for, and reports of messages. */
    get events() {
      return taps.count + messages.count + simulator.sentMessages.length
    },

    /** How many messages WeChat took, and of how many of them its answer was lost. */
    countMessages() {
      const taken = simulator.accepted(SEND)
      return { taken, unanswered: taken - simulator.answered(SEND) }
    },

    /** Rounds until there were so many events. Afterwards all is told, and the time is over for what is not. */
    async run(untilEvents: number): Promise<void> {
      while (storm.events < untilEvents) await runRound()

      fleet.renew({ isMortal: false })
      await taps.tellAll(truth.limitRemaining())
      clock.advance(BEYOND_TURNS_MS)
      await pushes.releaseAll()
      await messages.repeatUnknown(truth.limitRemaining())
      await pushes.releaseAll()
      clock.advance(BEYOND_REPORTS_MS)
    },

    /** From now on WeChat pushes to a URL, encrypted, and not to a cloud function. */
    moveToUrl(): void {
      pushes.beginAnew()
      simulator.pushTo(target)
    },
  }
  return storm
}
