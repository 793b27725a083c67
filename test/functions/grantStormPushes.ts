import type { Chance } from '../../scripts/model/chance.ts'
import type { PushRecord } from '../../scripts/simulator/push/pushes.ts'
import type { PushMessage } from '../../scripts/simulator/push/pushMessage.ts'
import type { Simulator } from '../../scripts/simulator/simulator.ts'

/** What stands for a user's grants of one template. */
export const grantKey = (openid: string, templateId: string): string => `${openid} ${templateId}`

type Parts = { readonly simulator: Simulator; readonly chance: Chance }

export type StormPushes = ReturnType<typeof createStormPushes>

/** Acknowledged pushes that may come again. */
const REPEATABLE = 200

/** WeChat's pushes: held, shuffled, delivered twice, repeated long after; and some that never come. */
export function createStormPushes({ simulator, chance }: Parts) {
  /** In which round each is delivered. */
  const dueIn = new Map<PushMessage, number>()
  const lost = new Set<PushMessage>()
  const weights = new Map<PushMessage, number>()
  let round = 0
  let looked = 0
  let untold: readonly PushRecord[] = []
  let told: readonly PushRecord[] = []

  function isDue(message: PushMessage): boolean {
    const delay = () => chance.pick([0, 0, 0, 1, 1, chance.integer(2, 10), chance.integer(10, 40)])
    const due = dueIn.get(message) ?? round + delay()
    dueIn.set(message, due)
    return due <= round
  }

  function latest(): PushMessage {
    const record = simulator.pushes.at(-1)
    if (!record) throw new Error('nothing was pushed')
    return record.message
  }

  function look(): void {
    const known = [...untold, ...simulator.pushes.slice(looked)].filter(({ message }) => !lost.has(message))
    looked = simulator.pushes.length
    untold = known.filter(({ outcome }) => outcome === 'pending')
    told = [...told, ...known.filter(({ outcome }) => outcome === 'acknowledged')].slice(-REPEATABLE)
  }

  const release = (isFreed: (message: PushMessage) => boolean): Promise<void> =>
    simulator.releasePushes({
      shuffle: chance.integer(0, 2 ** 31),
      duplicates: 0.05,
      inParallel: 4,
      only: (message) => !lost.has(message) && isFreed(message),
    })

  simulator.holdPushes()

  return {
    get lost() {
      return lost.size
    },

    /** What has just come up is never delivered. */
    loseLatest: () => void lost.add(latest()),

    /** What has just come up tells that so many grants are gone. */
    weighLatest: (grants: number) => void weights.set(latest(), grants),

    /** By how many grants the ledger may be ahead of the truth, for what it was not told yet. */
    countUntold(): ReadonlyMap<string, number> {
      look()
      const counts = new Map<string, number>()
      for (const { message } of untold) {
        for (const templateId of templatesOf(message)) {
          const key = grantKey(String(message.FromUserName), templateId)
          counts.set(key, (counts.get(key) ?? 0) + (weights.get(message) ?? 1))
        }
      }
      return counts
    },

    /** Delivers what is due, and at times again what was acknowledged. */
    async releaseDue(): Promise<void> {
      round++
      const [first, ...others] = told
      if (first && chance.happens(0.3)) simulator.push(chance.pick([first, ...others]).message)
      await release(isDue)
    },

    /** Delivers all that is to be delivered. */
    releaseAll: () => release(() => true),

    /** What comes from now on is no repeat of what has come so far. */
    beginAnew(): void {
      look()
      told = []
    },

    /** What was to be delivered and was not acknowledged. */
    unacknowledged: () =>
      simulator.pushes.filter(({ message, outcome }) => outcome !== 'acknowledged' && !lost.has(message)),
  }
}

function templatesOf({ List: list }: PushMessage): readonly string[] {
  const items = Array.isArray(list) ? list : [list]
  return items.map(({ TemplateId }) => TemplateId)
}
