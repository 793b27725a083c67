import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import refreshAccessToken from '../../functions/refreshAccessToken/index.ts'
import { Problem } from '../../shared/core/problem.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { Runtime } from '../../shared/function/runtime.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { codeOf, createWorld, TIMER, type World } from '../support/world.ts'

const STABLE = '/cgi-bin/stable_token'
const CLASSIC = '/cgi-bin/token'
const CHECK = '/wxa/msg_sec_check'
const PROMPT = { effects: { random: promptRandom } }
const CLASSIC_MODE = { ...PROMPT, environment: { WECHAT_TOKEN_MODE: 'classic' } }
const FOREVER = Number.POSITIVE_INFINITY
const LEASE_MS = 8000
const STATE_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`

const fetches = (world: World, path = STABLE): number => world.simulator.requests(path).length

/** So many processes of one deployment: a shared store, nothing else in common. */
const startInstances = (world: World, count: number): readonly Runtime[] =>
  Array.from({ length: count }, () => {
    world.restart()
    return world.runtime
  })

/** Any call that needs a token, by a user who has opened the mini program just now. */
function check(world: World, runtime: Runtime): Promise<Reply> {
  world.simulator.phone('alice').login()
  const input = { value: { type: 'text', scene: 1, content: 'tea' } }
  return invoke(checkContent, { origin: world.wechatUser('alice'), input, requestId: 'r' }, runtime)
}

const codesOf = async (replies: readonly Promise<Reply>[]): Promise<readonly string[]> => [
  ...new Set((await Promise.all(replies)).map(codeOf)),
]

describe.each([
  ['stable', PROMPT, STABLE],
  ['classic', CLASSIC_MODE, CLASSIC],
])('in %s mode', (_, options, path) => {
  test('fifty cold instances make one fetch, and no call fails', async () => {
    const world = await createWorld(options)

    const replies = startInstances(world, 50).map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['OK'])
    expect(fetches(world, path)).toBe(1)
  })

  test('fifty instances whose token dies make one fetch, and each call is repeated once', async () => {
    const world = await createWorld(options)
    const instances = startInstances(world, 50)
    await Promise.all(instances.map((runtime) => check(world, runtime)))
    world.simulator.killAccessTokens()

    const replies = instances.map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['OK'])
    expect(fetches(world, path)).toBe(2)
    expect(world.simulator.requests(CHECK)).toHaveLength(150)
  })

  test('fifty instances near the end of the token make one fetch', async () => {
    const world = await createWorld(options)
    const instances = startInstances(world, 50)
    await Promise.all(instances.map((runtime) => check(world, runtime)))
    world.clock.advance(7_141_000)

    const replies = instances.map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['OK'])
    expect(fetches(world, path)).toBe(2)
  })

  test('twenty cold instances that throttle the store with their first write make one fetch', async () => {
    const world = await createWorld(options)
    const { putIfAbsent } = world.store
    let writes = 0
    world.store.putIfAbsent = async (key, record) => {
      writes++
      if (writes % 2 === 0) throw new Problem('STATE_UNAVAILABLE')
      return putIfAbsent(key, record)
    }

    const replies = startInstances(world, 20).map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['OK'])
    expect(fetches(world, path)).toBe(1)
    expect(writes).toBe(20)
  })

  test('a cold instance whose lease was written, but not confirmed, goes on with it', async () => {
    const world = await createWorld(options)
    const { putIfAbsent } = world.store
    world.store.putIfAbsent = async (key, record) => {
      await putIfAbsent(key, record)
      throw new Problem('STATE_UNAVAILABLE')
    }

    expect(codeOf(await check(world, world.runtime))).toBe('OK')

    const operations = world.store.operations.length
    expect(operations).toBeLessThan(5)
    world.restart()
    expect(codeOf(await check(world, world.runtime))).toBe('OK')
    expect(fetches(world, path)).toBe(1)
  })

  test('twenty cold instances with a wrong secret ask WeChat once', async () => {
    const world = await createWorld(options)
    world.simulator.faults.add({ path, errcode: 40125, times: FOREVER })

    const replies = startInstances(world, 20).map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['CONFIG_ERROR'])
    expect(fetches(world, path)).toBe(1)
  })

  test('twenty cold instances and a token endpoint in trouble make three fetches before the pause', async () => {
    const world = await createWorld(options)
    world.simulator.faults.add({ path, errcode: 45011, times: FOREVER })

    const replies = startInstances(world, 20).map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(expect.arrayContaining(['RATE_LIMITED', 'UPSTREAM_UNAVAILABLE']))
    expect(fetches(world, path)).toBe(3)
  })
})

describe('a token that WeChat refuses although it lives', () => {
  test('is fetched once by instances that are refused at the same time', async () => {
    const world = await createWorld(PROMPT)
    const instances = startInstances(world, 20)
    await Promise.all(instances.map((runtime) => check(world, runtime)))
    world.simulator.faults.add({ path: CHECK, errcode: 40001, times: 20 })

    const replies = instances.map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['OK'])
    expect(fetches(world)).toBe(2)
  })
})

describe('a holder of the lease', () => {
  /** An instance whose fetch never ends: killed, or frozen. */
  async function startAndFreeze(world: World, path: string): Promise<void> {
    world.simulator.faults.add({ path, hang: 'before' })
    const [frozen] = startInstances(world, 1)
    if (frozen) void check(world, frozen)
    while (fetches(world, path) === 0) await new Promise((resolve) => setImmediate(resolve))
  }

  test.each([
    ['stable', PROMPT, STABLE],
    ['classic', CLASSIC_MODE, CLASSIC],
  ])('that dies is succeeded when the lease ends (%s)', async (_, options, path) => {
    const world = await createWorld(options)
    await startAndFreeze(world, path)
    const waiting = startInstances(world, 5).map((runtime) => check(world, runtime))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(fetches(world, path)).toBe(1)

    world.clock.advance(LEASE_MS)

    expect(await codesOf(waiting)).toEqual(['OK'])
    expect(fetches(world, path)).toBe(2)
  })

  test('does not keep the others from a token that still lives', async () => {
    const world = await createWorld(PROMPT)
    const instances = startInstances(world, 5)
    await Promise.all(instances.map((runtime) => check(world, runtime)))
    world.clock.advance(7_141_000)
    await startAndFreeze(world, STABLE).catch(() => undefined)

    const replies = instances.map((runtime) => check(world, runtime))

    expect(await codesOf(replies)).toEqual(['OK'])
  })

  test.each([25_000, 120_000, 600_000])(
    'does not go on taking it from others whose clock is %i ms off, and no call fails',
    async (skewMs) => {
      const straight = createRunningClock()
      const off = createRunningClock()
      off.advance(skewMs)
      const world = await createWorld({ effects: { clock: straight, random: promptRandom } })
      const elsewhere = await createWorld({
        environment: { WECHAT_API_BASE_URL: world.simulator.url, STATE_KEYS },
        effects: { clock: off, random: promptRandom, memoryStore: world.store },
      })
      world.restart({ STATE_KEYS })
      world.simulator.faults.add({ path: STABLE, latencyMs: 400, times: FOREVER })

      const tokens = [0, 1, 2].flatMap(() => {
        world.restart({ STATE_KEYS })
        elsewhere.restart()
        return [world, elsewhere].map(({ runtime }) =>
          runtime.accessTokens().current(runtime.clock.nowMs() + 9000),
        )
      })

      const values = new Set((await Promise.all(tokens)).map(({ value }) => value))
      expect(values.size).toBe(1)
      expect(fetches(world)).toBeLessThanOrEqual(6)
    },
  )

  test('whose clock is an hour ahead does not lock the others out', async () => {
    const ahead = createRunningClock()
    ahead.advance(3_600_000)
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, hang: 'before' })
    const skewed = await createWorld({
      effects: { clock: ahead, random: promptRandom, memoryStore: world.store },
    })
    void check(skewed, skewed.runtime)
    while (world.store.operations.length < 2) await new Promise((resolve) => setImmediate(resolve))

    expect(await codesOf(startInstances(world, 3).map((runtime) => check(world, runtime)))).toEqual(['OK'])
  })
})

describe('the timer', () => {
  const refresh = (world: World) => world.call(refreshAccessToken, {}, TIMER)

  test('leaves a token alone that lives longer than five minutes', async () => {
    const world = await createWorld(PROMPT)
    await check(world, world.runtime)
    world.clock.advance(6_899_999)

    expect(await refresh(world)).toMatchObject({ ok: true, data: { refreshed: false } })
    expect(fetches(world)).toBe(1)
  })

  test('renews it in the last five minutes, so that no call has to', async () => {
    const world = await createWorld(PROMPT)
    await check(world, world.runtime)
    world.clock.advance(6_900_000)

    expect(await refresh(world)).toMatchObject({ ok: true, data: { refreshed: true } })
    world.restart()
    await check(world, world.runtime)
    expect(fetches(world)).toBe(2)
  })

  test('asks no more often than it strikes when WeChat hands the same token out again', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({
      path: STABLE,
      times: FOREVER,
      body: '{"access_token":"same","expires_in":250}',
    })
    await world.runtime.accessTokens().current(world.clock.nowMs() + 5000)

    expect(await refresh(world)).toMatchObject({ ok: true, data: { refreshed: false } })
    expect(await refresh(world)).toMatchObject({ ok: true, data: { refreshed: false } })

    expect(fetches(world)).toBe(3)
  })

  test('does nothing while another instance is renewing', async () => {
    const world = await createWorld(PROMPT)
    await check(world, world.runtime)
    world.clock.advance(6_900_000)
    world.simulator.faults.add({ path: STABLE, hang: 'before' })
    world.restart()
    void refresh(world)
    while (fetches(world) < 2) await new Promise((resolve) => setImmediate(resolve))
    world.restart()

    expect(await refresh(world)).toMatchObject({ ok: true, data: { refreshed: false } })
    expect(fetches(world)).toBe(2)
  })
})
