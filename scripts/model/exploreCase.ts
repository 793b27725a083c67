import { createChance } from './chance.ts'
import type { Fates, Fault } from './effect.ts'
import { explore } from './explore.ts'
import type { History } from './history.ts'
import type { Choose } from './scheduler.ts'
import type { Scene, SmallCase } from './smallCases.ts'
import { createWorld } from './world.ts'

/** What may befall one effect of a run, whichever. */
export const ADVERSITIES = {
  none: [],
  kill: ['killedBefore', 'killedAfter'],
  loss: ['lost', 'answerLost'],
  delay: [],
} as const satisfies Record<string, readonly Fault[]>

export type Adversity = keyof typeof ADVERSITIES

/** Shorter than a lease, and longer than one. */
const DELAYS_MS = [2000, 9000] as const

const LATER_MS = 90_000

/**
 * Runs a small case in every order of its effects, and with every one of them meeting the adversity.
 *
 * @returns how many runs there were
 * @throws Error at the first that violates an invariant, with its trace
 */
export const exploreCase = (smallCase: SmallCase, adversity: Adversity): Promise<number> =>
  explore(async (choose) => {
    const taken: number[] = []
    const { check } = await runCase(
      smallCase,
      adversity,
      (count) => taken[taken.push(choose(count)) - 1] ?? 0,
    )
    try {
      check()
    } catch (violation) {
      const { history } = await runCase(smallCase, adversity, () => taken.shift() ?? 0, true)
      throw new Error([`${smallCase.name}, ${adversity}`, ...history.trace, String(violation)].join('\n'))
    }
  })

/** One run of a small case. */
async function runCase(
  smallCase: SmallCase,
  adversity: Adversity,
  choose: Choose,
  isTraced = false,
): Promise<{ readonly history: History; readonly check: () => void }> {
  let isOpen = false
  const chooseWhileOpen: Choose = (count) => (isOpen ? choose(count) : 0)
  const world = createWorld({
    chance: createChance(1),
    choose: chooseWhileOpen,
    tickMs: 1,
    createFates: (nowMs, history) => createFates(adversity, chooseWhileOpen, nowMs, history),
    ...(smallCase.environment && { environment: smallCase.environment }),
    isTraced,
  })
  const scene: Scene = { world, deeds: { logins: [], logouts: [], uses: [] } }
  world.startInstance()
  world.startInstance()
  await smallCase.prepare?.(scene)

  isOpen = true
  smallCase.act(scene)
  await world.scheduler.run()
  isOpen = false

  world.scheduler.after(LATER_MS, () => smallCase.look(scene))
  await world.scheduler.run()
  return { history: world.history, check: () => smallCase.check(scene, adversity) }
}

/** Everything takes no time, so that everything meets, but for the one effect that fate has chosen. */
function createFates(adversity: Adversity, choose: Choose, nowMs: () => number, history: History): Fates {
  let isSpent = adversity === 'none'
  function strike<T>(options: readonly T[]): T | undefined {
    const struck = isSpent || options.length === 0 ? undefined : options[choose(options.length + 1) - 1]
    isSpent ||= struck !== undefined
    return struck
  }

  return {
    travel(effect) {
      const delayMs = strike(adversity === 'delay' ? DELAYS_MS : [])
      if (delayMs !== undefined) history.faults.push({ ...effect, atMs: nowMs(), fault: 'slow' })
      return { outMs: delayMs ?? 0, backMs: 0 }
    },
    arrive(effect) {
      if (effect.instance.isDead) return 'lost'
      const fault = strike<Fault>(ADVERSITIES[adversity])
      if (fault !== undefined) history.faults.push({ ...effect, atMs: nowMs(), fault })
      return fault
    },
  }
}
