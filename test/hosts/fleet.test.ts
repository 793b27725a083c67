import { describe, expect, test } from 'vitest'
import type { Fault } from '../../scripts/simulator/faults.ts'
import { type Fleet, type Instance, startFleet, type TokenMode, until } from './support/fleet.ts'

const MODES: readonly TokenMode[] = ['stable', 'classic']

const callAll = (instances: readonly Instance[]): Promise<readonly string[]> =>
  Promise.all(instances.map((instance) => instance.call()))

const allOk = (count: number): readonly string[] => Array(count).fill('OK')

describe.each(MODES)('processes that share a %s token', (mode) => {
  test('fetch it once when all are called at once on an empty store', async (context) => {
    const fleet = await startFleet(mode, context)
    const instances = await fleet.start(8)

    expect(await callAll(instances)).toEqual(allOk(8))

    expect(fleet.tokenFetches).toBe(1)
    expect(fleet.tokensUsed).toHaveLength(8)
  })

  test('fetch it once more when it dies under load, and repeat a call once at most', async (context) => {
    const [processes, callsEach] = [6, 20]
    const fleet = await startFleet(mode, context)
    const instances = await fleet.start(processes)
    const load = instances.map(async (instance) => {
      const codes: string[] = []
      for (let call = 0; call < callsEach; call++) codes.push(await instance.call())
      return codes
    })
    await until(() => fleet.tokensUsed.length >= (processes * callsEach) / 2)

    fleet.simulator.killAccessTokens()

    expect((await Promise.all(load)).flat()).toEqual(allOk(processes * callsEach))
    expect(fleet.tokenFetches).toBe(2)
    const repeats = fleet.tokensUsed.length - processes * callsEach
    expect(repeats).toBeGreaterThan(0)
    // Each calls one after the other, so that each meets the dead token once.
    expect(repeats).toBeLessThanOrEqual(processes)
  })
})

// These wait for a lease to end, so they wait together.
describe.concurrent.each(MODES)('a process that has the lease for a %s token', (mode) => {
  /** One process, and the fault that its fetch of the token meets; the next fetch meets none. */
  async function startHolder(fleet: Fleet, fault: Omit<Fault, 'path'>) {
    const holder = await fleet.startOne()
    fleet.simulator.faults.add({ path: fleet.tokenPath, ...fault })
    const reply = holder.call().catch(() => 'none')
    await until(() => fleet.simulator.accepted(fleet.tokenPath) === 1)
    return { ...holder, reply }
  }

  test('and is killed is succeeded by one of those that wait', async (context) => {
    const { expect } = context
    const fleet = await startFleet(mode, context)
    const others = await fleet.start(4)
    const holder = await startHolder(fleet, { hang: 'afterTaken' })

    const replies = callAll(others)
    holder.kill()

    expect(await replies).toEqual(allOk(4))
    expect(fleet.tokenFetches).toBe(2)
    expect(fleet.tokensUsed).toHaveLength(4)
  })

  test('and is frozen past its end puts no older token in the place of the newer one', async (context) => {
    const { expect } = context
    const fleet = await startFleet(mode, context)
    const successor = await fleet.startOne()
    const fresh = await fleet.start(2)
    const holder = await startHolder(fleet, { latencyMs: 2000 })
    holder.freeze()
    fleet.simulator.killAccessTokens()
    expect(await successor.call()).toBe('OK')

    holder.thaw()

    const late = await holder.reply
    expect(['OK', 'UPSTREAM_TIMEOUT']).toContain(late)
    expect(await callAll([...fresh, holder])).toEqual(allOk(3))
    // Whoever had got the dead token would have had to repeat its call.
    expect(fleet.tokensUsed).toHaveLength(late === 'OK' ? 5 : 4)
    expect(fleet.tokenFetches).toBeLessThanOrEqual(mode === 'classic' ? 3 : 2)
  })

  test('and loses it to a clock that is ahead leaves the others a token that is good', async (context) => {
    const { expect } = context
    const fleet = await startFleet(mode, context)
    const successor = await fleet.startOne({ clockAheadMs: 120_000 })
    const fresh = await fleet.start(2)
    const holder = await startHolder(fleet, { latencyMs: 3000 })
    expect(await successor.call()).toBe('OK')

    expect(await holder.reply).toBe('OK')

    expect(await callAll(fresh)).toEqual(allOk(2))
    expect(fleet.tokensUsed).toHaveLength(4)
    // Of two classic tokens one ends the other, and who was first nobody knows: it is renewed, once.
    expect(fleet.tokenFetches).toBe(mode === 'classic' ? 3 : 2)
  })
})
