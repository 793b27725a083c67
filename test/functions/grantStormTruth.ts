import { isDeepStrictEqual } from 'node:util'
import recordSubscription from '../../functions/recordSubscription/index.ts'
import { handleOf } from '../../shared/state/sessionToken.ts'
import type { World } from '../support/world.ts'
import type { StormFleet } from './grantStormFleet.ts'
import type { StormHistory } from './grantStormHistory.ts'
import { grantKey, type StormPushes } from './grantStormPushes.ts'

export const USERS = Array.from({ length: 25 }, (_, index) => `user-${index + 1}`) as [string, ...string[]]
export const LONG_TERM = 'news'
export const TEMPLATES = ['tea', 'cake', LONG_TERM] as const

/** Hears of what somebody was told is left. */
export type HearRemaining = (openid: string, remaining: Readonly<Record<string, number>>) => void

type Counts = Readonly<Record<string, number>>

type Parts = {
  readonly world: World
  readonly fleet: StormFleet
  readonly history: StormHistory
  readonly pushes: StormPushes
}

export type StormTruth = ReturnType<typeof createStormTruth>

/** What the simulated WeChat has granted, and what our ledger says of it. */
export function createStormTruth({ world, fleet, history, pushes }: Parts) {
  const { simulator, wechatUser } = world
  const grantsLeft = (user: string, templateId: string): number =>
    simulator.grantsLeft(simulator.phone(user).openid, templateId)

  /** What our ledger says is left. */
  async function askLedger(user: string): Promise<Counts> {
    // This grants nothing and takes nothing.
    const results = { tea: 'reject', cake: 'reject', [LONG_TERM]: 'filter' }
    const reply = await fleet.call(recordSubscription, { origin: wechatUser(user), input: { results } })
    if (!reply?.ok) throw new Error(`the ledger does not answer: ${JSON.stringify(reply)}`)
    return reply.data.remaining
  }

  /** The same by WeChat, with a long-term consent counted as one. */
  const askWechat = (user: string): Counts =>
    Object.fromEntries(
      TEMPLATES.map((id) => {
        const left = grantsLeft(user, id)
        return [id, id === LONG_TERM ? Math.min(1, left) : left] as const
      }),
    )

  return {
    grantsLeft,

    /** Takes what is granted now and what the ledger was not told yet for the most that anybody may be told. */
    limitRemaining(): HearRemaining {
      const untold = pushes.countUntold()
      const limits = new Map(
        USERS.flatMap((user) =>
          TEMPLATES.map((templateId) => {
            const key = grantKey(simulator.phone(user).openid, templateId)
            return [key, grantsLeft(user, templateId) + (untold.get(key) ?? 0)] as const
          }),
        ),
      )
      return (openid, remaining) => {
        for (const [templateId, count] of Object.entries(remaining)) {
          const limit = limits.get(grantKey(openid, templateId)) ?? 0
          if (count > limit) throw new Error(`told that ${count} of ${templateId} are left, not ${limit}`)
        }
      }
    },

    /** The users of whom our ledger says something else than WeChat, with all that there is to find out why. */
    async differences(): Promise<readonly object[]> {
      const all = USERS.map(async (user) => {
        const [ledger, wechat] = [await askLedger(user), askWechat(user)]
        if (isDeepStrictEqual(ledger, wechat)) return []
        const { openid } = simulator.phone(user)
        const { value: record } = await world.runtime.records().read('grants', handleOf(openid))
        return [{ user, ledger, wechat, record, history: history.of(openid) }]
      })
      return (await Promise.all(all)).flat()
    },
  }
}
