import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { createTestClock, type TestClock } from '../../support/testClock.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { concernedBy, isExempt } from './cell.ts'
import { OPERATION_NAMES, type OperationName, prepare } from './operations.ts'
import { beyondLease, type Cell, STATE_STORE } from './stateStoreTable.ts'
import { createStoreWithFaults, type StoreFault } from './storeWithFaults.ts'

const INVOCATION = { requestId: 'invocation' }
/** Longer than any lease of an effect, shorter than anything that is kept. */
const LEASE_MS = 20_000
const MAX_OPERATIONS = 40

/** An operation on a store that can be struck, in a process that has its token. */
async function createMeeting(name: OperationName) {
  const { sleep, ...still } = createTestClock()
  let longestSleepMs = Number.POSITIVE_INFINITY
  const clock: TestClock = {
    ...still,
    sleep: (durationMs, signal) => sleep(Math.min(durationMs, longestSleepMs), signal),
  }
  const store = createStoreWithFaults(createMemoryStore(clock), clock)
  const world = await createWorld({ effects: { clock, memoryStore: store, random: promptRandom } })
  const operation = await prepare(world, name)
  await world.runtime.accessTokens().current(clock.nowMs() + 5000)
  store.heal()
  return {
    world,
    clock,
    store,
    operation,
    /** From now on the time of a call is over as soon as somebody waits for it to be. */
    hurry: (isHurried: boolean) => {
      longestSleepMs = isHurried ? 50 : Number.POSITIVE_INFINITY
    },
  }
}

/** The invocation with the store failing at one of its operations, and its repeat with the store well again. */
async function meet(name: OperationName, fault: StoreFault, at: number) {
  const { store, clock, operation, hurry } = await createMeeting(name)
  store.strike(fault, at)
  hurry(fault === 'silent')
  const code = codeOf(await operation.call(INVOCATION))
  const accepted = operation.accepted()

  hurry(false)
  store.heal()
  const repeat = codeOf(await operation.call(INVOCATION))
  const acceptedInAll = operation.accepted()
  if (repeat === 'IN_PROGRESS') {
    clock.advance(LEASE_MS)
    expect(codeOf(await operation.call(INVOCATION))).toBe(beyondLease(repeat))
    expect(operation.accepted()).toBe(acceptedInAll)
  }
  return [code, accepted, repeat, acceptedInAll]
}

describe.each(concernedBy(STATE_STORE))('%s', (name, { steps, contended }) => {
  test('does this with the store, and no more', async () => {
    const { store, operation } = await createMeeting(name)

    expect(codeOf(await operation.call())).toBe('OK')
    expect(store.operations).toEqual(steps.map((step) => step.operation))
  })

  const walk =
    (fault: StoreFault, cellOf: (step: (typeof steps)[number]) => Cell | undefined) => async () => {
      const met = await Promise.all(
        steps.map(async (step, at) => [step.operation, cellOf(step) && (await meet(name, fault, at))]),
      )
      expect(met).toEqual(steps.map((step) => [step.operation, cellOf(step)]))
    }

  test(
    'meets a store that is out of reach from any operation on',
    walk('down', ({ down }) => down),
  )

  test(
    'meets a store that does not answer from any operation on',
    walk('silent', ({ down }) => down),
  )

  test(
    'meets a lost answer of any operation',
    walk('answerLost', ({ answerLost }) => answerLost),
  )

  if (contended) {
    test(
      'meets a store that refuses to write from any write on',
      walk('throttled', ({ overtaken, down }) => overtaken && down),
    )

    test(
      'meets another call at any write',
      walk('overtaken', ({ overtaken }) => overtaken),
    )

    test('tries no more than so often where others are always faster', async () => {
      const { store, operation } = await createMeeting(name)
      store.strike('contended', 0)

      expect([codeOf(await operation.call()), operation.accepted()]).toEqual(contended)
      expect(store.operations.length).toBeLessThan(MAX_OPERATIONS)
    })
  }
})

describe('whoever needs no state does without a store, in a process that knows no token yet', () => {
  test.each(OPERATION_NAMES.filter((name) => isExempt(STATE_STORE[name])))('%s', async (name) => {
    for (const fault of ['down', 'throttled', 'slow'] as const) {
      const { world, store, operation } = await createMeeting(name)
      world.restart()
      store.strike(fault, 0)

      expect([codeOf(await operation.call()), operation.accepted()]).toEqual(['OK', 1])
    }
  })
})

/** What must not happen twice. */
const AT_MOST_ONCE = [
  'login',
  'getPhoneNumber',
  'verifySoter',
  'sendSubscribeMessage',
  'getQrCode limited',
  'getQrCode classic',
] as const satisfies readonly OperationName[]

test.each(AT_MOST_ONCE)('%s in a process that knows no token has its effect once or never', async (name) => {
  const whole = await createMeeting(name)
  whole.world.restart()
  await whole.operation.call()

  await Promise.all(
    whole.store.operations.map(async (_, at) => {
      const { world, store, operation } = await createMeeting(name)
      world.restart()
      store.strike('down', at)

      const code = codeOf(await operation.call(INVOCATION))

      expect(['OK', 'STATE_UNAVAILABLE', 'CODE_OUTCOME_UNKNOWN']).toContain(code)
      store.heal()
      await operation.call(INVOCATION)
      expect(operation.accepted()).toBeLessThanOrEqual(1)
    }),
  )
})
