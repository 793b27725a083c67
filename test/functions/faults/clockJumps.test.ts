import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { createTestClock } from '../../support/testClock.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { WRONG } from '../decryptOpenData/knownSession.ts'
import { concernedBy } from './cell.ts'
import { DIED_BEFORE, JUMPS, READY_BEFORE, REPEATED_AFTER } from './clockJumpsTable.ts'
import { OPERATIONS, type OperationName, prepare } from './operations.ts'

const INVOCATION = { requestId: 'invocation' }

/** An operation of a deployment whose clock is its own. */
async function createMeeting(name: OperationName) {
  const clock = createTestClock()
  const memoryStore = createMemoryStore(clock)
  const world = await createWorld({ effects: { clock, memoryStore, random: promptRandom } })
  const operation = await prepare(world, name)
  await world.runtime.accessTokens().current(clock.nowMs() + 5000)
  return { world, clock, operation }
}

describe.each(Object.entries(JUMPS))('a clock that is suddenly %s', (jump, durationMs) => {
  const at = jump as keyof typeof JUMPS

  test('before a call', async () => {
    const concerned = concernedBy(READY_BEFORE)
    const met = await Promise.all(
      concerned.map(async ([name]) => {
        const { world, clock, operation } = await createMeeting(name)
        clock.advance(durationMs)
        const reply = await operation.call()
        expect(Number(JSON.parse(world.logLines.at(-1) ?? '').durationMs)).toBeGreaterThanOrEqual(0)
        return [name, codeOf(reply)]
      }),
    )

    expect(met).toEqual(concerned.map(([name, row]) => [name, row[at]]))
  })

  test('between a call and its repeat', async () => {
    const concerned = concernedBy(REPEATED_AFTER)
    const met = await Promise.all(
      concerned.map(async ([name]) => {
        const { clock, operation } = await createMeeting(name)
        expect(codeOf(await operation.call(INVOCATION))).toBe('OK')
        clock.advance(durationMs)
        return [name, [codeOf(await operation.call(INVOCATION)), await operation.accepted()]]
      }),
    )

    expect(met).toEqual(concerned.map(([name, row]) => [name, row[at]]))
  })

  test.each(Object.keys(DIED_BEFORE) as (keyof typeof DIED_BEFORE)[])(
    'after a process died over %s',
    async (name) => {
      const { world, clock, operation } = await createMeeting(name)
      world.simulator.faults.add({ path: OPERATIONS[name].path, hang: 'afterTaken' })
      void operation.call(INVOCATION)
      await expect.poll(operation.accepted).toBe(1)
      world.restart()
      clock.advance(durationMs)

      expect([codeOf(await operation.call(INVOCATION)), await operation.accepted()]).toEqual(
        DIED_BEFORE[name][at],
      )
    },
  )

  test('does not give a user more decryptions to fail at', async () => {
    const { world, clock } = await createMeeting('login')
    const alice = await world.logIn('alice')
    const fail = () => world.call(decryptOpenData, WRONG, alice)
    for (let failure = 0; failure < 10; failure++) expect(codeOf(await fail())).toBe('DECRYPT_FAILED')
    clock.advance(durationMs)

    const reply = await fail()

    expect(codeOf(reply)).toBe(durationMs > 0 ? 'DECRYPT_FAILED' : 'RATE_LIMITED')
    if (!reply.ok && reply.error.retryAfterMs !== undefined) {
      expect(reply.error.retryAfterMs).toBeGreaterThan(0)
      expect(reply.error.retryAfterMs).toBeLessThanOrEqual(600_000)
    }
  })

  test('does not keep a token from being renewed that WeChat has ended', async () => {
    const { world, clock, operation } = await createMeeting('checkSession')
    clock.advance(durationMs)
    world.simulator.killAccessTokens()

    expect([codeOf(await operation.call()), operation.asked()]).toEqual([
      'OK',
      durationMs === JUMPS['a day ahead'] ? 1 : 2,
    ])
  })
})
