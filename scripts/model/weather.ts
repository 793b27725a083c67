import type { Chance } from './chance.ts'
import type { Effect, Fates, Fault } from './effect.ts'
import type { History } from './history.ts'
import { TOKEN_PATHS } from './modelWechat.ts'

/** What effects an episode is about. */
export type Area = 'store' | 'writes' | 'tokens' | 'otherRequests' | 'requests'

/** A time in which something goes wrong with some effects. */
export type Episode = {
  readonly area: Area
  /** One of them befalls each effect that is hit. */
  readonly faults: readonly [Fault | 'slow', ...(Fault | 'slow')[]]
  readonly fromMs: number
  readonly untilMs: number
  readonly probability: number
}

/** Calm unless an episode says otherwise. Latencies are drawn anew for every effect. */
export function createWeather(
  chance: Chance,
  episodes: readonly Episode[],
  nowMs: () => number,
  history: History,
): Fates {
  function hit(effect: Effect): Fault | 'slow' | undefined {
    const atMs = nowMs()
    const episode = episodes.find(
      ({ area, fromMs, untilMs, probability }) =>
        fromMs <= atMs && atMs < untilMs && isIn(area, effect) && chance.happens(probability),
    )
    return episode && chance.pick(episode.faults)
  }

  return {
    travel(effect) {
      const [shortestMs, longestMs] = effect.key ? [0.5, 10] : [5, 150]
      const latency = () => chance.between(shortestMs, longestMs)
      if (hit(effect) !== 'slow') return { outMs: latency(), backMs: latency() }

      const slowMs = () => chance.between(0, effect.key ? SLOW_STORE_MS : SLOW_WECHAT_MS)
      history.faults.push({ ...effect, atMs: nowMs(), fault: 'slow' })
      return { outMs: slowMs(), backMs: slowMs() }
    },

    arrive(effect) {
      // What a killed instance had just sent may never have left it.
      if (effect.instance.isDead) return chance.happens(0.5) ? 'lost' : undefined

      const fault = hit(effect)
      if (fault === undefined || fault === 'slow') return undefined

      history.faults.push({ ...effect, atMs: nowMs(), fault })
      return fault
    },
  }
}

/** Each way. A store's operation is given up after 2.5 s, a request to WeChat after 5 s. */
const SLOW_STORE_MS = 1200
const SLOW_WECHAT_MS = 3500

function isIn(area: Area, { operation, key }: Effect): boolean {
  switch (area) {
    case 'store':
      return key !== ''
    case 'writes':
      return key !== '' && operation !== 'get'
    case 'tokens':
      return TOKEN_PATHS.has(operation)
    case 'otherRequests':
      return key === '' && !TOKEN_PATHS.has(operation)
    case 'requests':
      return key === ''
  }
}
