import { describe, expect, onTestFinished, test } from 'vitest'
import { createHttpTransport } from '../../../shared/platform/httpTransport.ts'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { createTestClock } from '../../support/testClock.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { concernedBy } from './cell.ts'
import { REMEMBERED } from './duplicatesTable.ts'
import { HALTS } from './haltsTable.ts'
import { createMortalEffects } from './mortalEffects.ts'
import { prepare } from './operations.ts'

const INVOCATION = { requestId: 'invocation' }
/** Longer than any lease of an effect, shorter than anything that is kept. */
const LEASE_MS = 25_000

describe.each(concernedBy(HALTS))('%s in a process that stops', (name, halts) => {
  async function createMeeting() {
    const clock = createTestClock()
    const transport = createHttpTransport({ clock })
    onTestFinished(transport.close)
    const mortal = createMortalEffects(createMemoryStore(clock), transport)
    const world = await createWorld({ effects: { clock, ...mortal, random: promptRandom } })
    const operation = await prepare(world, name)
    await world.runtime.accessTokens().current(clock.nowMs() + 5000)
    return { world, clock, mortal, operation }
  }

  test('has these effects, and no others', async () => {
    const { mortal, operation } = await createMeeting()
    mortal.stop({ at: Number.POSITIVE_INFINITY, when: 'before' })

    expect(codeOf(await operation.call())).toBe('OK')
    expect(mortal.effects.flatMap((effect) => [effect, effect])).toEqual(halts.map(([effect]) => effect))
  })

  const numbered = halts.map(([effect, when, death, thaw], index) => {
    const stop = { at: Math.floor(index / 2), when }
    return { effect, stop, death, thaw }
  })

  test.each(numbered)('for good, $stop.when $effect', async ({ stop, death }) => {
    const { world, clock, mortal, operation } = await createMeeting()
    const { stopped } = mortal.stop(stop)
    await Promise.race([stopped, operation.call(INVOCATION)])
    world.restart()

    const repeat = codeOf(await operation.call(INVOCATION))
    clock.advance(LEASE_MS)
    const later = codeOf(await operation.call(INVOCATION))

    expect([repeat, later, await operation.accepted()]).toEqual(death)
  })

  test.each(numbered)('and goes on after its successor, $stop.when $effect', async ({ stop, thaw }) => {
    const { world, clock, mortal, operation } = await createMeeting()
    const { stopped, thaw: goOn } = mortal.stop(stop)
    const frozen = operation.call(INVOCATION)
    await Promise.race([stopped, frozen])
    world.restart()
    clock.advance(LEASE_MS)

    const successor = codeOf(await operation.call(INVOCATION))
    goOn()
    const itself = codeOf(await frozen)

    expect([successor, itself, await operation.accepted()]).toEqual(thaw)
    // What the successor was told stays true. What nobody knew then may be known by now.
    const told = codeOf(await operation.call(INVOCATION))
    if (name in REMEMBERED)
      expect(successor === 'OUTCOME_UNKNOWN' ? ['OK', successor] : [successor]).toContain(told)
  })
})
