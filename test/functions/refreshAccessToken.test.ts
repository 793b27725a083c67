import { describe, expect, test } from 'vitest'
import checkSession from '../../functions/checkSession/index.ts'
import refreshAccessToken from '../../functions/refreshAccessToken/index.ts'
import { Problem } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, SERVER_KEY, TIMER } from '../support/world.ts'

const PATH = '/cgi-bin/stable_token'
const LIFE_MS = 7_200_000

test('the first refresh fetches a token and tells its end, never the token', async () => {
  const world = await createWorld()

  const reply = await world.call(refreshAccessToken, {}, TIMER)

  expect(reply).toEqual({
    ok: true,
    data: { refreshed: true, expiresAtMs: expect.any(Number) },
  })
  expect(dataOf(reply).expiresAtMs).toBeGreaterThan(NOW_MS + LIFE_MS - 300_000)
  expect(dataOf(reply).expiresAtMs).toBeLessThanOrEqual(NOW_MS + LIFE_MS)
})

test('a token that is far from its end is left alone', async () => {
  const world = await createWorld()
  const { expiresAtMs } = dataOf(await world.call(refreshAccessToken, {}, TIMER))
  world.clock.advance(60_000)

  expect(dataOf(await world.call(refreshAccessToken, {}, TIMER))).toEqual({ refreshed: false, expiresAtMs })
  expect(world.simulator.requests(PATH)).toHaveLength(1)
})

test('a token in its last five minutes is renewed, so that no call of a user waits for it', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  await world.call(refreshAccessToken, {}, TIMER)
  world.clock.advance(LIFE_MS - 200_000)

  expect(dataOf(await world.call(refreshAccessToken, {}, TIMER)).refreshed).toBe(true)
  const fetches = world.simulator.requests(PATH).length
  await world.call(checkSession, {}, alice)
  expect(world.simulator.requests(PATH)).toHaveLength(fetches)
})

test('64 refreshes that come together fetch one token', async () => {
  const world = await createWorld()

  const replies = await Promise.all(
    Array.from({ length: 64 }, () => world.call(refreshAccessToken, {}, TIMER)),
  )

  expect(new Set(replies.map((reply) => dataOf(reply).expiresAtMs)).size).toBe(1)
  expect(world.simulator.accepted(PATH)).toBe(1)
})

describe('is for the timer and the server', () => {
  test.each([
    ['the timer', TIMER, 'OK'],
    ['a server by its platform', SERVER, 'OK'],
    ['a server by its key', { kind: 'bearer', token: SERVER_KEY } as const, 'OK'],
    ['nobody', NOBODY, 'UNAUTHENTICATED'],
    ['a user', { kind: 'wechatUser', openid: 'o1', vouchedFields: new Set<string>() } as const, 'FORBIDDEN'],
  ])('%s: %s', async (_, origin, code) => {
    const world = await createWorld()

    expect(codeOf(await world.call(refreshAccessToken, {}, origin))).toBe(code)
    expect(world.simulator.requests()).toHaveLength(code === 'OK' ? 1 : 0)
  })

  test('who cannot force it: there is no such input', async () => {
    const world = await createWorld()

    for (const field of ['force_refresh', 'forceRefresh', 'Type'])
      expect(await world.call(refreshAccessToken, { [field]: true }, SERVER)).toMatchObject({
        error: { code: 'INVALID_ARGUMENT', field },
      })
    expect(world.simulator.requests()).toEqual([])
  })
})

test('a wrong secret is a CONFIG_ERROR that names the variable', async () => {
  const world = await createWorld({ environment: { WECHAT_APP_SECRET: 'canary' } })

  const reply = await world.call(refreshAccessToken, {}, TIMER)

  expect(reply).toMatchObject({
    error: { code: 'CONFIG_ERROR', message: expect.stringContaining('WECHAT_APP_SECRET') },
  })
  expect(JSON.stringify(reply)).not.toContain('canary')
})

describe('records that are over', () => {
  const HOUR_MS = 3_600_000

  /** A deployment on a store that has to be swept, and how often that was tried. */
  async function createSweptWorld(sweep: () => Promise<number> = async () => 1, environment = {}) {
    const swept: number[] = []
    const memoryStore: StateStore = {
      ...createMemoryStore(createTestClock()),
      sweep(endedByMs) {
        swept.push(endedByMs)
        return sweep()
      },
    }
    return { swept, world: await createWorld({ environment, effects: { memoryStore } }) }
  }

  test('are removed beside the refresh, an hour after their end', async () => {
    const { world, swept } = await createSweptWorld()

    await world.call(refreshAccessToken, {}, TIMER)
    world.clock.advance(120_000)
    await world.call(refreshAccessToken, {}, TIMER)

    expect(swept).toEqual([NOW_MS - HOUR_MS, NOW_MS + 120_000 - HOUR_MS])
  })

  test.each<[string, () => Promise<number>]>([
    ['fails', () => Promise.reject(new Problem('STATE_UNAVAILABLE'))],
    ['breaks', () => Promise.reject(new TypeError('canary'))],
    ['does not end', () => new Promise(() => undefined)],
  ])('a sweep that %s is in the log, and nothing to the refresh', async (_, sweep) => {
    const { world } = await createSweptWorld(sweep)

    expect(dataOf(await world.call(refreshAccessToken, {}, TIMER)).refreshed).toBe(true)

    expect(world.logLines.at(-1)).toContain('records that are over were not removed')
    expect(world.logLines.at(-1)).not.toContain('canary')
  })

  test('a refresh that fails leaves them to be removed all the same', async () => {
    const { world, swept } = await createSweptWorld(undefined, { WECHAT_APP_SECRET: 'wrong' })

    expect(codeOf(await world.call(refreshAccessToken, {}, TIMER))).toBe('CONFIG_ERROR')

    expect(swept).toHaveLength(1)
  })

  test('are nobody’s to remove but the timer’s and the server’s', async () => {
    const { world, swept } = await createSweptWorld()

    await world.call(refreshAccessToken, {}, NOBODY)
    await world.call(refreshAccessToken, {}, world.wechatUser('alice'))
    await world.call(refreshAccessToken, { force: true }, SERVER)
    expect(swept).toEqual([])

    await world.call(refreshAccessToken, {}, SERVER)
    expect(swept).toHaveLength(1)
  })
})
