import type { Environment } from '../../shared/core/config.ts'
import { type Chance, createChance } from './chance.ts'
import type { Story } from './dangers.ts'
import type { History } from './history.ts'
import { createWeather, type Episode } from './weather.ts'
import { createWorld } from './world.ts'

/** A state machine of the production code, with everything that may befall it. */
export type Machine = {
  readonly name: string
  /** Lives through what the seed decides. `check` throws a `Violation`. */
  run(seed: number, isTraced: boolean): Promise<{ readonly history: History; readonly check: () => void }>
}

type AnySetting = {
  readonly dangers: ReadonlySet<string>
  readonly maxSkewMs: number
  readonly environment: Environment
}

/** A deployment before anything has happened, in a setting that the seed draws. */
export function createStory<S extends AnySetting>(
  seed: number,
  isTraced: boolean,
  drawSetting: (chance: Chance) => S,
): { readonly story: Story; readonly setting: S } {
  const chance = createChance(seed)
  const setting = drawSetting(chance)
  const episodes: Episode[] = []
  const weatherChance = chance.fork()
  const world = createWorld({
    chance,
    choose: (count) => chance.integer(0, count - 1),
    createFates: (nowMs, history) => createWeather(weatherChance, episodes, nowMs, history),
    environment: setting.environment,
    isTraced,
  })
  const { environment, maxSkewMs, dangers } = setting
  world.history.note(() => JSON.stringify({ ...environment, maxSkewMs, dangers: [...dangers] }))
  return { story: { world, chance, episodes, maxSkewMs }, setting }
}
