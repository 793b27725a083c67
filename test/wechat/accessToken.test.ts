import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import type { Fault } from '../../scripts/simulator/faults.ts'
import type { AccessToken } from '../../shared/wechat/tokenRecord.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { NOW_MS } from '../support/testClock.ts'
import { APP_SECRET, codeOf, createWorld, dataOf, type World } from '../support/world.ts'

const STABLE = '/cgi-bin/stable_token'
const CLASSIC = '/cgi-bin/token'
const CHECK = '/wxa/msg_sec_check'
const PROMPT = { effects: { random: promptRandom } }
const CLASSIC_MODE = { ...PROMPT, environment: { WECHAT_TOKEN_MODE: 'classic' } }
const LEASE_MS = 8000
const FOREVER = Number.POSITIVE_INFINITY

const TEXT = { type: 'text', scene: 1, content: 'tea' }

/** Any call that needs a token; the caller has opened the mini program just now. */
async function check(world: World, requestId?: string) {
  world.simulator.phone('alice').login()
  return world.call(checkContent, TEXT, world.wechatUser('alice'), requestId ? { requestId } : {})
}

const acquire = (world: World): Promise<AccessToken> =>
  world.runtime.accessTokens().current(world.clock.nowMs() + 5000)

const current = async (world: World): Promise<string> => (await acquire(world)).value

const fetches = (world: World, path = STABLE): number => world.simulator.requests(path).length

const times = <T>(count: number, act: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, act))

describe('however many calls wait', () => {
  test('a hundred cold ones get a good answer out of one fetch', async () => {
    const world = await createWorld(PROMPT)

    const replies = await times(100, () => check(world))

    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK']))
    expect(fetches(world)).toBe(1)
  })

  test('a hundred whose token has died get a good answer out of one more', async () => {
    const world = await createWorld(PROMPT)
    await check(world)
    world.simulator.killAccessTokens()

    const replies = await times(100, () => check(world))

    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK']))
    expect(fetches(world)).toBe(2)
  })

  test('a hundred share the failure of one fetch', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, errcode: 45011 })

    const replies = await times(100, () => check(world))

    expect(new Set(replies.map(codeOf))).toEqual(new Set(['RATE_LIMITED']))
    expect(fetches(world)).toBe(1)
    expect(await current(world)).toMatch(/^70_/)
  })
})

describe('a token lives', () => {
  test('until a minute before its end, when it is renewed', async () => {
    const world = await createWorld(PROMPT)
    const first = await current(world)

    world.clock.advance(7_140_000 - 1)
    expect(await current(world)).toBe(first)

    world.clock.advance(1)
    expect(await current(world)).not.toBe(first)
    expect(fetches(world)).toBe(2)
  })

  test('by its own seconds, however few are left', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, body: '{"access_token":"short","expires_in":100}' })

    expect(await current(world)).toBe('short')
    world.clock.advance(89_999)
    expect(await current(world)).toBe('short')
    world.clock.advance(1)
    expect(await current(world)).toMatch(/^70_/)
  })

  test('from the moment it was asked for, not from when the answer came', async () => {
    const clock = createRunningClock()
    const world = await createWorld({ effects: { clock, random: promptRandom } })
    const accessTokens = world.runtime.accessTokens()
    world.simulator.faults.add({ path: STABLE, latencyMs: 150 })
    const beforeMs = clock.nowMs()

    await accessTokens.current(clock.nowMs() + 5000)

    const { expiresAtMs } = await accessTokens.refresh(clock.nowMs() + 5000)
    expect(expiresAtMs - 7_200_000 - beforeMs).toBeLessThan(150)
  })

  test('to its hard end while WeChat cannot be reached, and no longer', async () => {
    const world = await createWorld(PROMPT)
    const first = await current(world)
    world.simulator.faults.add({ path: STABLE, status: 503, times: FOREVER })

    world.clock.advance(7_200_000 - 1)
    expect(await current(world)).toBe(first)

    world.clock.advance(1)
    await expect(current(world)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('to its hard end for a process that starts only then', async () => {
    const world = await createWorld(PROMPT)
    const first = await current(world)
    world.simulator.faults.add({ path: STABLE, status: 503, times: FOREVER })
    world.clock.advance(7_200_000 - 1)

    for (let attempt = 0; attempt < 5; attempt++) {
      world.restart()
      expect(await current(world)).toBe(first)
    }
  })

  test('to its hard end although the secret is wrong by now', async () => {
    const world = await createWorld(PROMPT)
    const first = await current(world)
    world.simulator.faults.add({ path: STABLE, errcode: 40125, times: FOREVER })
    world.clock.advance(7_200_000 - 1)

    expect(await current(world)).toBe(first)
  })
})

describe('a token in its last minute', () => {
  test('is not waited over for long while the token endpoint does not answer', async () => {
    const clock = createRunningClock()
    const world = await createWorld({ effects: { clock, random: promptRandom } })
    const first = await current(world)
    clock.advance(7_150_000)
    world.simulator.faults.add({ path: STABLE, hang: 'before', times: FOREVER })
    const startedAtMs = clock.nowMs()

    for (let process = 0; process < 2; process++) {
      expect((await world.runtime.accessTokens().current(startedAtMs + 5000)).value).toBe(first)
      world.restart()
    }

    expect(clock.nowMs()).toBeLessThan(startedAtMs + 5000)
  })
})

describe('expires_in', () => {
  test.each<[unknown, number]>([
    [7200, 7200],
    ['7200', 7200],
    [1, 1],
    [86_400, 86_400],
    ['86400', 86_400],
  ])('%j is taken', async (expires_in, seconds) => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, body: JSON.stringify({ access_token: 'a', expires_in }) })
    const accessTokens = world.runtime.accessTokens()

    await current(world)
    world.clock.advance(seconds * 1000 * 0.9 - 60_000)

    expect(await accessTokens.current(NOW_MS + 1e9)).toMatchObject({ value: 'a' })
    expect(fetches(world)).toBe(1)
  })

  test.each([0, -1, 86_401, 1.5, '', 'soon', '7200s', '1e3', null, true, {}, [7200], 1e300, undefined])(
    '%j is no answer',
    async (expires_in) => {
      const world = await createWorld(PROMPT)
      world.simulator.faults.add({ path: STABLE, body: JSON.stringify({ access_token: 'a', expires_in }) })

      expect(await check(world)).toMatchObject({ ok: false, error: { code: 'UPSTREAM_BAD_RESPONSE' } })
      expect(world.simulator.requests(CHECK)).toEqual([])
    },
  )

  test.each([
    { expires_in: 7200 },
    { access_token: '', expires_in: 7200 },
    { access_token: 7, expires_in: 7200 },
  ])('without a token is no answer: %j', async (body) => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, body: JSON.stringify(body) })

    expect(codeOf(await check(world))).toBe('UPSTREAM_BAD_RESPONSE')
  })
})

describe('a wrong configuration', () => {
  const WRONG: readonly [string, number, string][] = [
    ['an unknown app id', 40013, 'WECHAT_APP_ID'],
    ['a wrong secret', 40125, 'WECHAT_APP_SECRET'],
    ["another account's secret", 40001, 'WECHAT_APP_SECRET'],
    ['an address that is not listed', 40164, 'IP whitelist'],
    ['a frozen secret', 40243, 'WECHAT_APP_SECRET'],
  ]

  test.each(WRONG)(
    '(%s) is named, and asked about once a minute by the whole deployment',
    async (_, errcode, name) => {
      const world = await createWorld(PROMPT)
      world.simulator.faults.add({ path: STABLE, errcode, times: FOREVER })

      expect(await check(world)).toMatchObject({
        error: {
          code: 'CONFIG_ERROR',
          message: expect.stringContaining(name),
          upstream: { errcode, rid: expect.any(String) },
        },
      })
      world.clock.advance(59_999)
      for (let process = 0; process < 3; process++) {
        world.restart()
        expect(await check(world)).toMatchObject({
          error: { code: 'CONFIG_ERROR', message: expect.stringContaining(name), upstream: { errcode } },
        })
      }
      expect(fetches(world)).toBe(1)
    },
  )

  test('is probed by one process after the minute, while the others wait', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, errcode: 40164, times: 2 })
    await check(world)
    world.clock.advance(60_000)
    const processes = Array.from({ length: 4 }, () => {
      world.restart()
      return world.runtime.accessTokens()
    })
    const deadlineAtMs = world.clock.nowMs() + 5000

    const outcomes = await Promise.allSettled(processes.map((tokens) => tokens.current(deadlineAtMs)))

    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    expect(fetches(world)).toBe(2)
  })

  test('that was set right is found out by the probe', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, errcode: 40164 })
    await check(world)
    world.clock.advance(60_000)

    expect(codeOf(await check(world))).toBe('OK')
    world.restart()
    expect(codeOf(await check(world))).toBe('OK')
    expect(fetches(world)).toBe(2)
  })

  test('of one function that lacks its secret is no news for the others', async () => {
    const world = await createWorld({ ...PROMPT, environment: { WECHAT_APP_SECRET: undefined } })
    expect(codeOf(await check(world))).toBe('CONFIG_ERROR')
    world.restart({ WECHAT_APP_SECRET: APP_SECRET })

    expect(codeOf(await check(world))).toBe('OK')
  })

  test('is told by the real refusal of a wrong secret too', async () => {
    const world = await createWorld({ ...PROMPT, environment: { WECHAT_APP_SECRET: 'wrong' } })

    expect(await check(world)).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('WECHAT_APP_SECRET') },
    })
  })
})

describe('an outage of the token endpoint', () => {
  test.each<[string, Omit<Fault, 'path'>]>([
    ['status 503', { status: 503 }],
    ['a busy WeChat', { errcode: -1 }],
    ['HTML', { body: '<html></html>' }],
  ])('by %s makes the deployment pause after three failed fetches', async (_, fault) => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, times: FOREVER, ...fault })
    for (let process = 0; process < 3; process++) {
      expect(codeOf(await check(world))).toMatch(/^UPSTREAM_/)
      world.restart()
    }
    const asked = fetches(world)

    expect(await check(world)).toMatchObject({
      error: { code: 'UPSTREAM_UNAVAILABLE', retryable: true, retryAfterMs: 30_000 },
    })
    world.clock.advance(29_999)
    expect(codeOf(await check(world))).toBe('UPSTREAM_UNAVAILABLE')

    expect(fetches(world)).toBe(asked)
  })

  test('is over when the probe after the pause succeeds', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, status: 503, times: 9 })
    for (let fetch = 0; fetch < 3; fetch++) await check(world)
    expect(fetches(world)).toBe(9)
    world.clock.advance(30_000)

    expect(codeOf(await check(world))).toBe('OK')
  })

  test('that goes on is probed once in thirty seconds', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: STABLE, errcode: 45011, times: FOREVER })
    for (let fetch = 0; fetch < 3; fetch++) await check(world)

    for (let pause = 0; pause < 4; pause++) {
      world.clock.advance(30_000)
      for (let call = 0; call < 5; call++) {
        world.restart()
        expect(codeOf(await check(world))).not.toBe('OK')
      }
    }

    expect(fetches(world)).toBe(3 + 4)
  })
})

describe('a refused token', () => {
  test('is dropped, and no other', async () => {
    const world = await createWorld(PROMPT)
    const first = await acquire(world)

    await world.runtime.accessTokens().invalidate({ ...first, value: 'another' })

    expect(await current(world)).toBe(first.value)
    world.restart()
    expect(await current(world)).toBe(first.value)
    expect(fetches(world)).toBe(1)
  })

  test('is dropped for processes that start later', async () => {
    const world = await createWorld(PROMPT)
    const first = await acquire(world)
    world.simulator.killAccessTokens()
    await world.runtime.accessTokens().invalidate(first)

    world.restart()

    expect(await current(world)).not.toBe(first.value)
  })

  test('leaves the newer one of another process alone', async () => {
    const world = await createWorld(PROMPT)
    const first = await acquire(world)
    const late = world.runtime.accessTokens()
    world.simulator.killAccessTokens()
    world.restart()
    await world.runtime.accessTokens().invalidate(first)
    const second = await acquire(world)

    await late.invalidate(first)

    expect(await late.current(world.clock.nowMs() + 5000)).toMatchObject(second)
    expect(fetches(world)).toBe(2)
  })

  test('that WeChat handed out again is asked about once more after ten seconds', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({ path: CHECK, errcode: 40001, times: 4 })

    expect(codeOf(await check(world))).toBe('UPSTREAM_REJECTED')
    expect(codeOf(await check(world))).toBe('UPSTREAM_REJECTED')
    expect(fetches(world)).toBe(2)

    world.simulator.killAccessTokens()
    world.clock.advance(10_000)
    expect(codeOf(await check(world))).toBe('OK')
    expect(fetches(world)).toBe(3)
  })
})

describe('the store', () => {
  test('gives a process that starts the token of the others', async () => {
    const world = await createWorld(PROMPT)
    const first = await current(world)

    world.restart()

    expect(await current(world)).toBe(first)
    expect(fetches(world)).toBe(1)
  })

  test('keeps the tokens of the two modes apart', async () => {
    const world = await createWorld(PROMPT)
    const stable = await current(world)

    world.restart({ WECHAT_TOKEN_MODE: 'classic' })

    expect(await current(world)).not.toBe(stable)
    expect(fetches(world, CLASSIC)).toBe(1)
  })

  test('is not needed in stable mode', async () => {
    const world = await createWorld(PROMPT)
    world.store.isDown = true

    const replies = await times(20, () => check(world))

    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK']))
    expect(fetches(world)).toBe(1)
  })

  test('need not even be configured in stable mode', async () => {
    const world = await createWorld({ ...PROMPT, environment: { STATE_STORE: '' } })

    expect(codeOf(await check(world))).toBe('OK')
  })

  test('that is down keeps neither a pause nor a refusal from this process', async () => {
    const world = await createWorld(PROMPT)
    world.store.isDown = true
    world.simulator.faults.add({ path: STABLE, errcode: 40125, times: FOREVER })

    await check(world)
    expect(codeOf(await check(world))).toBe('CONFIG_ERROR')

    expect(fetches(world)).toBe(1)
  })

  test('must answer in classic mode, where a fetch would end the token of all others', async () => {
    const world = await createWorld(CLASSIC_MODE)
    world.store.isDown = true

    expect(codeOf(await check(world))).toBe('STATE_UNAVAILABLE')

    expect(world.simulator.requests()).toEqual([])
  })

  test('that comes back ends the trouble in classic mode', async () => {
    const world = await createWorld(CLASSIC_MODE)
    await check(world)
    world.simulator.killAccessTokens()
    world.store.isDown = true
    expect(codeOf(await check(world))).toBe('STATE_UNAVAILABLE')

    world.store.isDown = false

    expect(codeOf(await check(world))).toBe('OK')
  })

  test('that is down does not end the service of a token in hand', async () => {
    const world = await createWorld(CLASSIC_MODE)
    const first = await current(world)
    world.store.isDown = true

    world.clock.advance(7_200_000 - 1)

    expect(await current(world)).toBe(first)
  })
})

describe('classic mode', () => {
  test('fetches once for all', async () => {
    const world = await createWorld(CLASSIC_MODE)

    const replies = await times(50, () => check(world))
    world.restart()
    replies.push(await check(world))

    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK']))
    expect(fetches(world, CLASSIC)).toBe(1)
  })

  test('renews a token that something else has replaced', async () => {
    const world = await createWorld(CLASSIC_MODE)
    await check(world)
    world.simulator.killAccessTokens()

    expect(codeOf(await check(world))).toBe('OK')
    expect(fetches(world, CLASSIC)).toBe(2)
  })
})

describe('a fetch that outlives its lease', () => {
  /** Another process takes the lease over while this one's fetch is on its way. */
  async function overtake(world: World, path: string) {
    world.simulator.faults.add({ path, latencyMs: 80 })
    const slow = acquire(world)
    while (fetches(world, path) === 0) await new Promise((resolve) => setImmediate(resolve))
    world.clock.advance(LEASE_MS)
    world.restart()
    return { slow, newer: await acquire(world) }
  }

  test('writes nothing over what its successor fetched', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({
      path: STABLE,
      latencyMs: 300,
      body: '{"access_token":"late","expires_in":7200}',
    })
    const { slow, newer } = await overtake(world, STABLE)

    expect(await slow).toMatchObject(newer)

    world.restart()
    expect(await current(world)).toBe(newer.value)
  })

  test('is good for its own calls while the successor has none yet', async () => {
    const world = await createWorld(PROMPT)
    world.simulator.faults.add({
      path: STABLE,
      latencyMs: 80,
      body: '{"access_token":"late","expires_in":7200}',
    })
    world.simulator.faults.add({ path: STABLE, latencyMs: 300 })
    const { slow, newer } = await overtake(world, STABLE)

    expect((await slow).value).toBe('late')

    world.restart()
    expect(await current(world)).toBe(newer.value)
  })

  test('makes the classic token of its successor suspect, so that it is renewed before it dies', async () => {
    const world = await createWorld(CLASSIC_MODE)
    const { slow, newer } = await overtake(world, CLASSIC)

    const last = await slow

    expect(last.value).not.toBe(newer.value)
    expect(fetches(world, CLASSIC)).toBe(3)
    world.restart()
    expect(await current(world)).toBe(last.value)
    world.clock.advance(300_000)
    expect(codeOf(await check(world))).toBe('OK')
    expect(fetches(world, CLASSIC)).toBe(3)
  })

  test('and is refused takes what its successor fetched', async () => {
    const world = await createWorld(CLASSIC_MODE)
    world.simulator.faults.add({ path: CLASSIC, latencyMs: 100, errcode: 45011 })
    const { slow, newer } = await overtake(world, CLASSIC)

    expect(await slow).toMatchObject(newer)

    world.restart()
    expect(await current(world)).toBe(newer.value)
    expect(fetches(world, CLASSIC)).toBe(2)
  })

  test('and has no answer makes a classic token suspect: nobody knows which is the last', async () => {
    const world = await createWorld(CLASSIC_MODE)
    world.simulator.faults.add({ path: CLASSIC, latencyMs: 100, status: 502 })
    const { slow, newer } = await overtake(world, CLASSIC)

    expect((await slow).value).not.toBe(newer.value)
    expect(fetches(world, CLASSIC)).toBe(3)
  })
})

test('the token is never in a log, a reply or in the clear in the store', async () => {
  const world = await createWorld(PROMPT)
  const reply = dataOf(await check(world))
  const token = await current(world)
  world.simulator.faults.add({ path: CHECK, status: 502, times: 3 })
  const failure = await check(world)
  world.simulator.faults.add({ path: STABLE, status: 502, times: 3 })
  world.simulator.killAccessTokens()
  const noToken = await check(world)

  const everything = [world.logLines, reply, failure, noToken, world.store.dump()].map((part) =>
    JSON.stringify(part),
  )
  expect(world.store.dump()).toContain(':accessToken:')
  expect(world.logLines.length).toBeGreaterThan(2)
  for (const text of everything) {
    expect(text).not.toContain(token)
    expect(text).not.toContain(Buffer.from(token).toString('base64').slice(0, 40))
    expect(text).not.toContain(APP_SECRET)
  }
})

test('classic tokens that are refused one after the other are fetched once a second, not with every call', async () => {
  const world = await createWorld(CLASSIC_MODE)
  world.simulator.faults.add({ path: CHECK, errcode: 40001, times: FOREVER })

  for (let call = 0; call < 20; call++) expect(codeOf(await check(world))).toBe('UPSTREAM_REJECTED')
  expect(fetches(world, CLASSIC)).toBe(4)

  world.clock.advance(1000)
  await check(world)
  await check(world)
  expect(fetches(world, CLASSIC)).toBe(5)
})

test('nobody waits beyond their deadline for a refused token to be dropped from the store', async () => {
  const world = await createWorld({ ...PROMPT, effects: { ...PROMPT.effects, clock: createRunningClock() } })
  await check(world)
  const token = await acquire(world)
  world.store.get = () => new Promise(() => undefined)

  void world.runtime.accessTokens().invalidate(token)
  const waiting = world.runtime.accessTokens().current(world.runtime.clock.nowMs() + 40)

  await expect(waiting).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
})
