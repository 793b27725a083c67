import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ReleaseOptions } from '../../scripts/simulator/push/releaseOrder.ts'
import { type PushReceiver, readEncrypted, startPushReceiver } from './pushReceiver.ts'
import { startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
let receiver: PushReceiver
beforeEach(async () => {
  receiver = await startPushReceiver()
  world = await startTestSimulator({ push: receiver.target })
  world.simulator.holdPushes()
})
afterEach(async () => {
  await world.simulator.close()
  await receiver.close()
})

const TEXTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const sendTexts = (texts: readonly string[] = TEXTS) => {
  for (const text of texts) world.simulator.phone('alice').sendText(text)
}
const arrived = (): string[] => receiver.received.map((push) => readEncrypted(push).Content)

/** What arrives when the texts are held and then released like this. */
async function release(options?: ReleaseOptions): Promise<string> {
  receiver.received.length = 0
  world.simulator.holdPushes()
  sendTexts()
  await world.simulator.releasePushes(options)
  return arrived().join('')
}

test('held pushes are pending and wait for their release', async () => {
  sendTexts()
  await world.simulator.pushesDone()

  expect(receiver.received).toEqual([])
  expect(world.simulator.pushes.map(({ outcome }) => outcome)).toEqual(Array(8).fill('pending'))
  await world.simulator.releasePushes()
  expect(arrived()).toEqual(TEXTS)
  expect(world.simulator.pushes.map(({ outcome }) => outcome)).toEqual(Array(8).fill('acknowledged'))
})

test('after a release pushes go out at once again', async () => {
  await world.simulator.releasePushes()
  sendTexts(['late'])
  await world.simulator.pushesDone()

  expect(arrived()).toEqual(['late'])
})

test('a seed shuffles, always to the same order', async () => {
  const first = await release({ shuffle: 7 })

  expect(await release({ shuffle: 7 })).toBe(first)
  expect(await release({ shuffle: 8 })).not.toBe(first)
  expect(first).not.toBe(TEXTS.join(''))
  expect([...first].toSorted()).toEqual(TEXTS)
})

test('the order can be told', async () => {
  expect(
    await release({ shuffle: (count) => Array.from({ length: count }, (_, at) => count - 1 - at) }),
  ).toBe('hgfedcba')
})

test('an order that loses or repeats a push is refused, and everything stays held', async () => {
  await expect(release({ shuffle: () => [0, 1] })).rejects.toThrow('each number from 0 to 7 once')
  await expect(release({ shuffle: (count) => Array(count).fill(0) })).rejects.toThrow(RangeError)
  expect(receiver.received).toEqual([])
})

test.each([
  [1, 'aabbccddeeffgghh'],
  [2, 'aaabbbcccdddeeefffggghhh'],
])('duplicates: %i delivers each push so many times more', async (duplicates, expected) => {
  expect(await release({ duplicates })).toBe(expected)
})

test('a duplicate is a new delivery of the same message, and may be far from the first', async () => {
  const order = await release({ shuffle: 3, duplicates: 0.5 })

  const repeated = TEXTS.filter((text) => order.split(text).length === 3)
  expect(repeated.length).toBeGreaterThan(0)
  expect(repeated.length).toBeLessThan(TEXTS.length)
  expect(world.simulator.pushes).toHaveLength(TEXTS.length + repeated.length)
  const twins = world.simulator.pushes.filter(({ message }) => message.Content === repeated[0])
  expect(twins).toHaveLength(2)
  expect(twins[0]?.message).toBe(twins[1]?.message)
  expect(new Set(receiver.received.map(({ query }) => query.msg_signature)).size).toBe(order.length)
})

test('a part can be released while the rest, and what comes later, stays held', async () => {
  expect(await release({ only: ({ Content }) => Content === 'c' })).toBe('c')
  sendTexts(['z'])
  await world.simulator.pushesDone()
  expect(arrived()).toEqual(['c'])

  await world.simulator.releasePushes()
  expect(arrived()).toEqual(['c', 'a', 'b', 'd', 'e', 'f', 'g', 'h', 'z'])
})

test('releasing a part does not begin to hold', async () => {
  await world.simulator.releasePushes()
  await world.simulator.releasePushes({ only: () => true })
  sendTexts(['at once'])
  await world.simulator.pushesDone()

  expect(arrived()).toEqual(['at once'])
})

test('pushes can be released side by side', async () => {
  let most = 0
  let open = 0
  world.simulator.pushTo({
    async deliver() {
      open += 1
      most = Math.max(most, open)
      await new Promise(setImmediate)
      open -= 1
      return 'success'
    },
  })
  sendTexts()
  await world.simulator.releasePushes({ inParallel: 4 })

  expect(most).toBe(4)
  expect(world.simulator.pushes.map(({ outcome }) => outcome)).toEqual(Array(8).fill('acknowledged'))
})

test('a simulator with held pushes closes', async () => {
  sendTexts()
  await world.simulator.close()

  expect(world.simulator.pushes.every(({ outcome }) => outcome === 'pending')).toBe(true)
})
