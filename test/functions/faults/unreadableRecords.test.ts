import { describe, expect, test } from 'vitest'
import getQrCode from '../../../functions/getQrCode/index.ts'
import { uses } from '../../../functions/receiveMessage/handlers.ts'
import { receiveMessageWith } from '../../../functions/receiveMessage/receive.ts'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import type { RecordKind } from '../../../shared/state/records.ts'
import { stateKeys } from '../../support/keyRing.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { pushedInput } from '../../support/pushedInput.ts'
import { createTestClock } from '../../support/testClock.ts'
import { codeOf, createWorld, dataOf, PUSH, SERVER } from '../../support/world.ts'
import { OPERATIONS, type OperationName, prepare } from './operations.ts'
import { createStoreWithFaults } from './storeWithFaults.ts'
import { SPOILT, UNREADABLE } from './unreadableRecordsTable.ts'

async function createSpoilableWorld() {
  const clock = createTestClock()
  const store = createStoreWithFaults(createMemoryStore(clock), clock)
  const environment = { STATE_KEYS: stateKeys('k1'), OPEN_DATA_ONE_TIME: 'true' }
  const world = await createWorld({
    environment,
    effects: { clock, memoryStore: store, random: promptRandom },
  })
  return { world, clock, store }
}

const INVOCATION = { requestId: 'invocation' }
const HALF_AN_HOUR_MS = 1_800_000
const meetings = (Object.keys(UNREADABLE) as RecordKind[]).flatMap((kind) =>
  UNREADABLE[kind].map((meeting) => [kind, ...meeting] as const),
)

describe.each(meetings)('a record of kind %s that %s finds (%s)', (kind, name, when, code, accepted) => {
  test.each(Object.entries(SPOILT))('%s', async (_, spoil) => {
    const { world, store } = await createSpoilableWorld()
    const operation = await prepare(world, name)
    await world.runtime.accessTokens().current(world.runtime.clock.nowMs() + 5000)
    if (when !== 'before') expect(codeOf(await operation.call(INVOCATION))).toBe('OK')
    const next = when === 'next' ? await prepare(world, name) : operation
    await store.spoil(kind, spoil)
    world.restart()

    const reply = await next.call(when === 'next' ? {} : INVOCATION)

    expect(store.operations.join()).toMatch(new RegExp(`\\b${kind}\\b`))
    expect([codeOf(reply), await operation.accepted()]).toEqual([code, accepted])
  })
})

test.each(Object.entries(SPOILT))(
  'a ledger of the stock that is %s lets no other code out',
  async (_, spoil) => {
    const { world, store } = await createSpoilableWorld()
    const make = (path: string) => world.call(getQrCode, { type: 'limited', path, width: 280 }, SERVER)
    dataOf(await make('pages/index/index'))
    await store.spoil('limitedCodes', spoil)

    expect(await make('pages/order/detail')).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') },
    })
    expect(world.simulator.accepted(OPERATIONS['getQrCode limited'].path)).toBe(1)
  },
)

describe('an inbox of grants that nobody can read is in the way of', () => {
  const finders: readonly OperationName[] = [
    'recordSubscription',
    'receiveMessage of a tap',
    'sendSubscribeMessage',
  ]
  test.each(finders)('nobody: %s', async (name) => {
    const { world, store } = await createSpoilableWorld()
    const left = await prepare(world, 'receiveMessage of a tap')
    store.strike('answerLost', 0)
    expect(codeOf(await left.call())).toBe('OK')
    store.heal()
    await store.spoil('grantInbox', () => 'garbage')

    const finder = await prepare(world, name)

    expect([codeOf(await finder.call()), await finder.accepted()]).toEqual(['OK', 1])
    expect(store.operations).toContain('get grantInbox')
  })
})

test.each(Object.entries(SPOILT))(
  'a verdict that is %s is no pass, and in the end `review`',
  async (_, spoil) => {
    const { world, clock, store } = await createSpoilableWorld()
    const asking = await prepare(world, 'getContentResult with a verdict')
    await store.spoil('mediaVerdict', spoil)

    expect(await asking.call()).toMatchObject({ data: { suggest: 'pending' } })
    clock.advance(HALF_AN_HOUR_MS)
    expect(await asking.call()).toMatchObject({ data: { suggest: 'review' } })
  },
)

test.each(Object.entries(SPOILT))(
  'what a handler did once is not done again, though its record is %s',
  async (_, spoil) => {
    const { world, store } = await createSpoilableWorld()
    const { simulator } = world
    const phone = simulator.phone('alice')
    const input = await pushedInput(simulator, () => phone.sendText('hello'))
    const failing = receiveMessageWith(
      {
        async text({ openid: touser, content }, { once, wechat }) {
          await once('answer', () => wechat.sendCustomerMessage({ touser, type: 'text', content }))
          throw new Error('after all')
        },
      },
      uses,
    )
    const push = async () => codeOf(await world.call(failing, input, PUSH))
    expect(await push()).toBe('INTERNAL')
    await store.spoil('effect', spoil)

    expect([await push(), await push()]).toEqual(['CONFIG_ERROR', 'OK'])
    expect(simulator.customerMessages).toHaveLength(1)
  },
)

test("a user's record that nobody can read is in nobody else's way", async () => {
  const { world, store } = await createSpoilableWorld()
  await world.logIn('alice')
  await store.spoil('account', () => 'garbage')
  const others: OperationName[] = ['sendSubscribeMessage', 'verifySoter', 'getQrCode unlimited']

  await world.logIn('bob')
  for (const name of others) expect(codeOf(await (await prepare(world, name)).call())).toBe('OK')
})
