import type { Chance } from './chance.ts'
import type { Instance } from './instance.ts'
import type { Area, Episode } from './weather.ts'
import type { World } from './world.ts'

/** What a run of any machine consists of: a deployment, its weather, and the seed that decides. */
export type Story = {
  readonly world: World
  readonly chance: Chance
  readonly episodes: Episode[]
  /** How far the clocks of instances may be off. */
  readonly maxSkewMs: number
}

/** What may go wrong in any machine. */
export const DANGERS = ['store', 'wechat', 'freeze', 'kill'] as const
export type Danger = (typeof DANGERS)[number]

export function startInstance({ world, chance, maxSkewMs }: Story): Instance {
  return world.startInstance(maxSkewMs * chance.pick([0, 1, -1, chance.between(-1, 1)]))
}

/** An instance that can take a call; a new one where there is none. */
export function route(story: Story): Instance {
  const [first, ...others] = story.world.instances.filter((instance) => instance.isAwake())
  return first ? story.chance.pick([first, ...others]) : startInstance(story)
}

/** Has something go wrong about now. */
export function bring(danger: Danger, story: Story): void {
  const { world, chance } = story
  switch (danger) {
    case 'store':
      bringEpisode(story, chance.pick([50, 1000, 10_000, 40_000]), {
        area: chance.pick<Area>(['store', 'writes']),
        faults: chance.pick<Episode['faults']>([
          ['lost'],
          ['answerLost'],
          ['slow'],
          ['lost', 'answerLost', 'slow'],
        ]),
      })
      return
    case 'wechat':
      bringEpisode(story, chance.pick([200, 2000, 20_000, 90_000]), {
        area: chance.pick<Area>(['requests', 'tokens', 'otherRequests']),
        faults: chance.pick<Episode['faults']>([
          ['refused'],
          ['lost'],
          ['answerLost'],
          ['slow'],
          ['refused', 'lost', 'answerLost', 'reset', 'truncated', 'status503', 'html', 'busy', 'slow'],
        ]),
      })
      return
    case 'freeze':
    case 'kill': {
      const [first, ...others] = world.instances
      if (!first) return
      const instance = chance.pick([first, ...others])
      instance.strikeAfter(chance.integer(1, 20), () => {
        if (danger === 'kill') instance.kill()
        else instance.freeze(chance.pick([1000, 9000, 30_000, 120_000]) * chance.between(0.5, 1))
      })
      return
    }
  }
}

export function bringEpisode(
  { world, chance, episodes }: Story,
  durationMs: number,
  episode: Pick<Episode, 'area' | 'faults'>,
): void {
  const fromMs = world.scheduler.nowMs() + chance.between(-1, 1) * chance.pick([100, 1000, 10_000])
  episodes.push({ ...episode, fromMs, untilMs: fromMs + durationMs, probability: chance.pick([0.2, 0.5, 1]) })
}
