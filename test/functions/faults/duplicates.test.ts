import { describe, expect, onTestFinished, test } from 'vitest'
import sendSubscribeMessage from '../../../functions/sendSubscribeMessage/index.ts'
import { createHttpTransport } from '../../../shared/platform/httpTransport.ts'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { createTestClock } from '../../support/testClock.ts'
import { codeOf, createWorld, dataOf } from '../../support/world.ts'
import { concernedBy } from './cell.ts'
import { DUPLICATES, HALTS } from './duplicatesTable.ts'
import { createMortalEffects } from './mortalEffects.ts'
import { OPERATIONS, type OperationName, prepare } from './operations.ts'

const INVOCATION = { requestId: 'invocation' }
/** Longer than any lease of an effect, shorter than anything that is kept. */
const LEASE_MS = 20_000

/** Whose answers are told again. */
const REMEMBERED = ['sendSubscribeMessage', 'getQrCode limited', 'getQrCode classic'] as const
const IS_REMEMBERED: ReadonlySet<OperationName> = new Set(REMEMBERED)

describe('an invocation that comes twice', () => {
  const createMeeting = async (name: OperationName) => {
    const world = await createWorld({ effects: { random: promptRandom } })
    return { world, operation: await prepare(world, name) }
  }

  test.each(concernedBy(DUPLICATES))('in turn: %s', async (name, { inTurn }) => {
    const { world, operation } = await createMeeting(name)
    const codes = [codeOf(await operation.call(INVOCATION))]
    world.restart()
    codes.push(codeOf(await operation.call(INVOCATION)))

    expect([...codes, operation.accepted()]).toEqual(inTurn)
    expect(world.simulator.accepted('/cgi-bin/stable_token')).toBeLessThanOrEqual(1)
  })

  test.each(concernedBy(DUPLICATES))('at once, in two processes: %s', async (name, { together }) => {
    const { world, operation } = await createMeeting(name)
    const first = operation.call(INVOCATION)
    world.restart()
    const replies = await Promise.all([first, operation.call(INVOCATION)])

    expect([...replies.map(codeOf).sort(), operation.accepted()]).toEqual(together)
    expect(world.simulator.accepted('/cgi-bin/stable_token')).toBeLessThanOrEqual(1)
  })

  test.each(REMEMBERED)('gets the same answer: %s', async (name) => {
    const { operation } = await createMeeting(name)
    const first = dataOf(await operation.call(INVOCATION))

    expect(dataOf(await operation.call(INVOCATION))).toEqual({
      ...first,
      ...(name === 'sendSubscribeMessage' ? { repeated: true } : { cached: true }),
    })
  })
})

describe('a double tap', () => {
  test.each([
    ['in turn', false, ['OK', 'OK']],
    ['at once', true, ['IN_PROGRESS', 'OK']],
  ])('%s sends one message, though each tap is an invocation of its own', async (_, isAtOnce, codes) => {
    const world = await createWorld()
    const origin = world.wechatUser('alice')
    const { input } = await OPERATIONS.sendSubscribeMessage.prepare(world)
    const tap = () => world.call(sendSubscribeMessage, { ...Object(input), requestKey: 'tap' }, origin)

    const first = tap()
    if (!isAtOnce) await first
    const replies = await Promise.all([first, tap()])

    expect(replies.map(codeOf).sort()).toEqual(codes)
    expect(world.simulator.sentMessages).toHaveLength(1)
  })
})

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

    expect([repeat, later, operation.accepted()]).toEqual(death)
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

    expect([successor, itself, operation.accepted()]).toEqual(thaw)
    // What the successor was told stays true.
    if (IS_REMEMBERED.has(name)) expect(codeOf(await operation.call(INVOCATION))).toBe(successor)
  })
})
