import { setTimeout as realSleep } from 'node:timers/promises'
import receiveMessage from '../../functions/receiveMessage/index.ts'
import type { Chance } from '../../scripts/model/chance.ts'
import type { AnyFunction, OutputOf } from '../../shared/function/define.ts'
import { type Call, invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { Runtime } from '../../shared/function/runtime.ts'
import { toCloudBase } from '../../shared/platform/cloudbase/adapter.ts'
import type { Effects } from '../../shared/platform/createRuntime.ts'
import { createStoppable } from '../support/stoppable.ts'
import type { World } from '../support/world.ts'
import { slowed } from './grantStormClock.ts'
import type { StormHistory } from './grantStormHistory.ts'

type Change = (effects: Effects) => Partial<Effects>

type Instance = { readonly runtime: Runtime; readonly died?: Promise<void>; isDead(): boolean }

export type StormFleet = ReturnType<typeof createStormFleet>

type Parts = { readonly world: World; readonly history: StormHistory; readonly chance: Chance }

/** Where a mortal instance stops, of what it and its calls wait for. */
const LATEST_DEATH = 70

/**
 * The instances of one deployment. Most last; one of these asks WeChat for nothing without a known grant, and one has
 * a slow way to the store. At times there is one more, which dies at work with all that it was about.
 */
export function createStormFleet({ world, history, chance }: Parts) {
  const killed = new Map<string, number>()
  let requestsUnderWay = 0
  let calls = 0
  let mortal: Instance | undefined

  const boot = (change: Change): Runtime =>
    world.boot((effects) => {
      const { send } = effects.transport
      const counted: typeof send = (request) => {
        requestsUnderWay++
        return send(request).finally(() => requestsUnderWay--)
      }
      const transport = { send: counted }
      return { transport, ...change({ ...effects, transport }) }
    })
  const bootLasting = (change: Change = () => ({})): Instance => ({
    runtime: boot(change),
    isDead: () => false,
  })
  function bootMortal(change: Change): Instance {
    const process = createStoppable(chance.integer(0, LATEST_DEATH))
    const runtime = boot((effects) => process.wrap({ ...effects, ...change(effects) }))
    return { runtime, died: process.stopped, isDead: () => process.stoppedAt !== undefined }
  }

  const steady = bootLasting()
  const cautious = bootLasting(({ environment }) => ({
    environment: { ...environment, SUBSCRIBE_LEDGER: 'enforce' },
  }))
  const slow = bootLasting(slowed)

  /** Whoever calls again after a death meets an instance that lives on. */
  function route(): Instance {
    if (mortal && !mortal.isDead() && chance.happens(0.35)) return mortal
    return chance.pick([steady, steady, cautious])
  }

  async function lived<T>(name: string, { died }: Instance, work: Promise<T>): Promise<T | undefined> {
    const outcome = await Promise.race([work, ...(died ? [died.then(() => undefined)] : [])])
    if (outcome === undefined) killed.set(name, (killed.get(name) ?? 0) + 1)
    return outcome
  }

  return {
    /** How many calls of each function were cut off by a death. */
    killed: killed as ReadonlyMap<string, number>,

    /** From now on there is an instance that may die at work, or none. */
    renew({ isMortal }: { readonly isMortal: boolean }): void {
      mortal = isMortal ? bootMortal(chance.happens(0.3) ? slowed : () => ({})) : undefined
    },

    /** The reply; `undefined` when the instance died before it. A safe call meets one that lasts. */
    async call<F extends AnyFunction>(
      fn: F,
      { origin, input, isSafe }: Pick<Call, 'origin'> & { readonly input: object; readonly isSafe?: boolean },
    ): Promise<Reply<OutputOf<F>> | undefined> {
      calls++
      const instance = isSafe ? steady : route()
      const call: Call = { origin, input: { value: input }, requestId: `storm-${calls}` }
      const reply = await lived(fn.name, instance, invoke(fn, call, instance.runtime))
      history.note({ [fn.name]: input, origin, reply })
      return reply as Reply<OutputOf<F>> | undefined
    },

    /** Brings a push as CloudBase does. Rejects when the instance died before it had answered. */
    async deliver(message: object): Promise<unknown> {
      const instance = chance.happens(0.06) ? slow : route()
      const main = toCloudBase(receiveMessage, () => instance.runtime)
      const answer = await lived(receiveMessage.name, instance, main(message))
      history.note({ pushed: message, answer })
      if (answer === undefined) throw new Error('the instance died')
      return answer
    },

    /** Resolves when WeChat has answered all that the living and the dead had asked. */
    async idle(): Promise<void> {
      while (requestsUnderWay > 0) await realSleep(1)
    },
  }
}
