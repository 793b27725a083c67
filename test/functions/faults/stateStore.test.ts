import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { concernedBy, isExempt } from './cell.ts'
import { createNetwork } from './network.ts'
import { OPERATION_NAMES, OPERATIONS, type OperationName, prepare } from './operations.ts'
import { STATE_STORE } from './stateStoreTable.ts'
import type { Cell } from './storeWalk.ts'
import { createStoreWithFaults, type StoreFault } from './storeWithFaults.ts'

const INVOCATION = { requestId: 'invocation' }
/** Longer than any lease of an effect, shorter than anything that is kept. */
const LEASE_MS = 25_000
const MAX_OPERATIONS = 40

/** An operation on a store that can be struck, in a process that has its token. */
async function createMeeting(name: OperationName) {
  const network = createNetwork()
  const { clock } = network
  const store = createStoreWithFaults(createMemoryStore(clock), clock)
  const world = await createWorld({ effects: { ...network, memoryStore: store, random: promptRandom } })
  const operation = await prepare(world, name)
  await world.runtime.accessTokens().current(clock.nowMs() + 5000)
  store.heal()
  return { world, network, clock, store, operation }
}

/** The invocation with the store failing at one of its operations, and its repeat with the store well again. */
async function meet(name: OperationName, fault: StoreFault, at: number) {
  const { network, store, clock, operation } = await createMeeting(name)
  store.strike(fault, at)
  const startedAtMs = clock.nowMs()
  const code = codeOf(await network.passTime(operation.call(INVOCATION)))
  expect(clock.nowMs() - startedAtMs).toBeLessThan(OPERATIONS[name].fn.timeoutSeconds * 1000)

  store.heal()
  const met: [string, number][] = [[code, await operation.accepted()]]
  do {
    met.push([codeOf(await operation.call(INVOCATION)), await operation.accepted()])
    clock.advance(LEASE_MS)
  } while (met.at(-1)?.[0] === 'IN_PROGRESS' && met.length < 3)
  return met.flat()
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

      const code = codeOf(await operation.call())

      expect(store.operations.length).toBeLessThan(MAX_OPERATIONS)
      expect([code, await operation.accepted()]).toEqual(contended)
    })
  }
})

describe('whoever needs no state does without a store, in a process that knows no token yet', () => {
  test.each(OPERATION_NAMES.filter((name) => isExempt(STATE_STORE[name])))('%s', async (name) => {
    for (const fault of ['down', 'throttled', 'slow'] as const) {
      const { world, store, operation } = await createMeeting(name)
      world.restart()
      store.strike(fault, 0)

      expect([codeOf(await operation.call()), await operation.accepted()]).toEqual(['OK', 1])
    }
  })
})

/** What must not happen twice. */
const AT_MOST_ONCE = [
  'login',
  'getPhoneNumber',
  'verifySoter',
  'sendSubscribeMessage',
  'receiveMessage with a handler',
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
      expect(await operation.accepted()).toBeLessThanOrEqual(1)
    }),
  )
})
