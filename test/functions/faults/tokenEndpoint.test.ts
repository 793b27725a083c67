import { describe, expect, test } from 'vitest'
import { promptRandom } from '../../support/promptRandom.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { concernedBy, isExempt } from './cell.ts'
import { createNetwork } from './network.ts'
import { OPERATION_NAMES, type OperationName, prepare } from './operations.ts'
import { endOf, NEEDS_TOKEN, TOKEN_ENDPOINT } from './tokenEndpointTable.ts'

const PATH = '/cgi-bin/stable_token'
const LIFE_MS = 7_200_000

/** An operation of a process that knows no token, in a deployment that has none, or one that nears its end. */
async function createMeeting(name: OperationName, tokenAgeMs?: number) {
  const network = createNetwork()
  const world = await createWorld({ effects: { ...network, random: promptRandom } })
  if (tokenAgeMs !== undefined) {
    await world.runtime.accessTokens().current(network.clock.nowMs() + 5000)
    for (const clock of [network.clock, world.clock]) clock.advance(tokenAgeMs)
    world.restart()
  }
  const operation = await prepare(world, name)
  const askedBefore = world.simulator.requests(PATH).length
  return {
    name,
    world,
    network,
    operation,
    askedForToken: () => world.simulator.requests(PATH).length - askedBefore,
  }
}

const CONCERNED = concernedBy(NEEDS_TOKEN)

describe.each(TOKEN_ENDPOINT)('the token endpoint: $fault', (fault) => {
  const { strike, code } = fault

  test('without a token nothing goes out', async () => {
    const meetings = await Promise.all(CONCERNED.map(([name]) => createMeeting(name)))

    const met = await Promise.all(
      meetings.map(async ({ name, world, network, operation, askedForToken }) => {
        await network.strike(world, PATH, strike)
        const reply = await operation.call()
        expect(JSON.stringify(reply) + world.logLines.join()).not.toContain('canary')
        return [
          name,
          [codeOf(reply), askedForToken(), operation.asked(), await operation.accepted()],
        ] as const
      }),
    )

    const goesOut = (need: string) => (code === 'OK' && need !== 'renewal' ? 1 : 0)
    expect(Object.fromEntries(met)).toEqual(
      Object.fromEntries(
        CONCERNED.map(
          ([name, need]) => [name, [...endOf(fault, need), goesOut(need), goesOut(need)]] as const,
        ),
      ),
    )
  })

  test('no call fails while a token lives, though its end is near', async () => {
    const meetings = await Promise.all(CONCERNED.map(([name]) => createMeeting(name, LIFE_MS - 50_000)))

    const met = await Promise.all(
      meetings.map(async ({ name, world, network, operation }) => {
        await network.strike(world, PATH, strike)
        return [name, [codeOf(await operation.call()), await operation.accepted()]] as const
      }),
    )

    expect(Object.fromEntries(met)).toEqual(
      Object.fromEntries(
        CONCERNED.map(([name, need]) => [name, need === 'renewal' ? [code, 0] : ['OK', 1]] as const),
      ),
    )
  })
})

describe('whoever needs no token does not hear of its endpoint', () => {
  test.each(OPERATION_NAMES.filter((name) => isExempt(NEEDS_TOKEN[name])))('%s', async (name) => {
    const { world, network, operation, askedForToken } = await createMeeting(name)
    await network.strike(world, PATH, { status: 500 })

    expect(codeOf(await operation.call())).toBe('OK')
    expect(askedForToken()).toBe(0)
  })
})

describe('a refusal that lasts', () => {
  test('is told to the whole deployment for a while, and WeChat is spared', async () => {
    const { world, network, operation, askedForToken } = await createMeeting('checkSession')
    await network.strike(world, PATH, { errcode: 40125 })

    for (let call = 0; call < 5; call++) {
      expect(await operation.call()).toMatchObject({
        error: { code: 'CONFIG_ERROR', message: expect.stringContaining('WECHAT_APP_SECRET') },
      })
      world.restart()
    }

    expect(askedForToken()).toBe(1)
  })
})

describe('once the token endpoint is well again', () => {
  test.each(CONCERNED.map(([name]) => name))('%s', async (name) => {
    const { world, network, operation } = await createMeeting(name)
    await network.strike(world, PATH, { status: 500 })
    await operation.call({ requestId: 'invocation' })

    network.heal(world)

    // A challenge is burnt by whatever becomes of it.
    const [code, accepted] = name === 'verifySoter' ? ['BIOMETRIC_FAILED', 0] : ['OK', 1]
    expect(codeOf(await operation.call({ requestId: 'invocation' }))).toBe(code)
    expect(await operation.accepted()).toBe(name === 'refreshAccessToken' ? 0 : accepted)
  })
})
