import { describe, expect, test } from 'vitest'
import { VARIABLES } from '../../../shared/core/config.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { createPushWorld } from '../../support/pushWorld.ts'
import { codeOf, createWorld, type World } from '../../support/world.ts'
import { CONFIGURATION } from './configurationTable.ts'
import { OPERATION_NAMES, type OperationName, prepare } from './operations.ts'

const INVOCATION = { requestId: 'invocation' }

/** The call in a process that has this environment, what it asks of the world, and a way to repeat it in a good one. */
async function callMisconfigured(world: World, name: OperationName, environment: Record<string, string>) {
  const operation = await prepare(world, name)
  const requestsBefore = world.simulator.requests().length
  const operationsBefore = world.store.operations.length
  world.restart(environment)

  const reply = await operation.call(INVOCATION)
  const written = world.store.operations.slice(operationsBefore).filter((done) => done !== 'get')
  const asked = world.simulator.requests().length - requestsBefore
  world.restart()
  expect(JSON.stringify(reply) + world.logLines.join()).not.toContain('canary')
  return {
    reply,
    asked,
    written,
    repeat: async () => codeOf(await operation.call({ ...INVOCATION, remainingMs: 5000 })),
  }
}

const BROKEN = VARIABLES.flatMap((variable) => {
  const { isRequired, malformed } = CONFIGURATION[variable]
  return [
    ...(isRequired ? [[variable, 'missing', ''] as const] : []),
    [variable, 'malformed', malformed] as const,
  ]
})

describe.each(BROKEN)('%s that is %s', (variable, _, value) => {
  const { neededBy, isMissedLate } = CONFIGURATION[variable]

  const others = OPERATION_NAMES.filter((name) => !neededBy.includes(name))

  test.each(neededBy)('is named to %s, and nobody is asked', async (name) => {
    const world = await createWorld({ effects: { random: promptRandom } })
    const { reply, asked, written, repeat } = await callMisconfigured(world, name, { [variable]: value })

    expect(reply).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining(variable), retryable: false },
    })
    expect(asked).toBe(0)
    if (!isMissedLate) expect(written).toEqual([])
    // A challenge has one chance, whatever keeps it from being used.
    expect(await repeat()).toBe(isMissedLate && name === 'verifySoter' ? 'BIOMETRIC_FAILED' : 'OK')
  })

  if (others.length === 0) return

  test('is in the way of nobody else', async () => {
    const world = await createWorld({ effects: { random: promptRandom } })
    const met = []
    for (const name of others) {
      const { reply } = await callMisconfigured(world, name, { [variable]: value })
      met.push([name, codeOf(reply)])
    }
    expect(met).toEqual(others.map((name) => [name, 'OK']))
  })
})

describe('a push over HTTP, in a process in which', () => {
  const needed = BROKEN.filter(([variable]) => CONFIGURATION[variable].provesPush)

  test.each(needed)('%s is %s, is left to be repeated', async (variable, _, value) => {
    const world = await createPushWorld()
    const { simulator, store, logLines } = world
    world.restart({ [variable]: value })

    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()

    expect(simulator.pushes.at(-1)).toMatchObject({
      outcome: 'given up',
      attempts: [1, 2, 3].map(() => ({ status: 500, body: '' })),
    })
    expect(store.operations).toEqual([])
    expect(JSON.parse(logLines.at(-1) ?? '')).toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringContaining(variable),
    })
    expect(logLines.join()).not.toContain('canary')

    world.restart()
    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()
    expect(simulator.pushes.at(-1)?.outcome).toBe('acknowledged')
  })
})
