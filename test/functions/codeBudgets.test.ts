import { describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { codeOf, createWorld, dataOf, SERVER } from '../support/world.ts'

const UNLIMITED = '/wxa/getwxacodeunlimit'
const PATHS = { limited: '/wxa/getwxacode', classic: '/cgi-bin/wxaapp/createwxaqrcode' } as const
/** At 08:00 UTC, when the tests begin, the day in China has eight hours left. */
const REST_OF_DAY_MS = 8 * 3_600_000

async function createCodeWorld(environment: Environment = {}) {
  const world = await createWorld({ environment, effects: { random: promptRandom } })
  const alice = world.wechatUser('alice')
  return {
    world,
    simulator: world.simulator,
    make: (scene: string, origin: Origin = alice, more: object = {}) =>
      world.call(getQrCode, { scene, width: 280, ...more }, origin),
    makeLimited: (id: number, type: keyof typeof PATHS = 'limited', requestId = `make-${id}`) =>
      world.call(getQrCode, { type, path: `pages/index/index?id=${id}`, width: 280 }, SERVER, { requestId }),
    asked: (path = UNLIMITED) => world.simulator.requests(path).length,
    lines: () => world.logLines.map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

describe('USER_CODES_PER_DAY', () => {
  const ENVIRONMENT = { USER_CODES_PER_DAY: '2' }
  const EXCEEDED = {
    ok: false,
    error: {
      code: 'QUOTA_EXCEEDED',
      retryable: false,
      reason: 'USER_CODES_PER_DAY is used up for today',
      retryAfterMs: REST_OF_DAY_MS,
    },
  }

  test('lets so many codes be made for a user, and no more before the day ends', async () => {
    const { world, make, asked } = await createCodeWorld(ENVIRONMENT)
    await make('a')
    await make('b')

    expect(await make('c')).toMatchObject(EXCEEDED)
    world.restart()
    expect(await make('c', await world.logIn('alice'))).toMatchObject(EXCEEDED)
    expect(asked()).toBe(2)

    world.clock.advance(REST_OF_DAY_MS)
    expect(codeOf(await make('c'))).toBe('OK')
  })

  test('lets one of sixty-four codes be made when one is left', async () => {
    const { make, asked } = await createCodeWorld({ USER_CODES_PER_DAY: '1' })

    const codes = (await Promise.all(Array.from({ length: 64 }, (_, n) => make(`scene-${n}`)))).map(codeOf)

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(63)
    expect(asked()).toBe(1)
  })

  test('is each user their own, and binds no server', async () => {
    const { world, make } = await createCodeWorld(ENVIRONMENT)
    await make('a')
    await make('b')

    expect(codeOf(await make('c', world.wechatUser('bob')))).toBe('OK')
    expect(codeOf(await make('d', SERVER))).toBe('OK')
  })

  test('is not spent by a cached code, nor by an input that is refused here', async () => {
    const { make } = await createCodeWorld(ENVIRONMENT)
    await make('a')
    for (let repeat = 0; repeat < 3; repeat++) {
      expect(dataOf(await make('a'))).toMatchObject({ cached: true })
      expect(codeOf(await make('%'))).toBe('SCENE_INVALID')
    }

    expect(codeOf(await make('b'))).toBe('OK')
    expect(dataOf(await make('a'))).toMatchObject({ cached: true })
    expect(await make('c')).toMatchObject(EXCEEDED)
  })

  test('is spent by what WeChat refuses: a user could otherwise keep asking', async () => {
    const { make, asked } = await createCodeWorld(ENVIRONMENT)
    const soon = { page: 'pages/soon' }
    expect(codeOf(await make('a', undefined, soon))).toBe('PAGE_INVALID')
    expect(codeOf(await make('b', undefined, soon))).toBe('PAGE_INVALID')

    expect(await make('c')).toMatchObject(EXCEEDED)

    expect(asked()).toBe(2)
  })

  test.each([
    ['limits the rate', { errcode: 45009 }, 'RATE_LIMITED'],
    ['is not reached', { status: 503, times: 3 }, 'UPSTREAM_UNAVAILABLE'],
    ['answers nonsense', { body: '<html></html>' }, 'UPSTREAM_BAD_RESPONSE'],
  ])('is not spent where WeChat %s', async (_, fault, code) => {
    const { make, simulator } = await createCodeWorld({ USER_CODES_PER_DAY: '1' })
    simulator.faults.add({ path: UNLIMITED, ...fault })
    expect(codeOf(await make('a'))).toBe(code)

    expect(codeOf(await make('a'))).toBe('OK')
  })

  test('is not counted without a store, and the code is made all the same', async () => {
    const { world, make } = await createCodeWorld({ USER_CODES_PER_DAY: '1' })
    world.store.isDown = true

    expect([codeOf(await make('a')), codeOf(await make('b'))]).toEqual(['OK', 'OK'])
    world.restart({ STATE_STORE: '' })
    expect([codeOf(await make('a')), codeOf(await make('b'))]).toEqual(['OK', 'OK'])
  })

  test('is not counted by a store that takes no writes, and the code is made all the same', async () => {
    const { world, make } = await createCodeWorld({ USER_CODES_PER_DAY: '1' })
    world.store.refusesWrites = true

    expect([codeOf(await make('a')), codeOf(await make('b'))]).toEqual(['OK', 'OK'])
  })

  test.each(['0', 'many'])('of %j is CONFIG_ERROR for users, and WeChat is not asked', async (value) => {
    const { make, simulator } = await createCodeWorld({ USER_CODES_PER_DAY: value })

    expect(await make('a')).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: 'USER_CODES_PER_DAY is malformed.' },
    })
    expect(simulator.requests()).toEqual([])
    expect(codeOf(await make('a', SERVER))).toBe('OK')
  })

  test('costs a code two operations of the store, and a cached one none', async () => {
    const { world, make } = await createCodeWorld()
    await make('a')
    const before = world.store.operations.length
    await make('b')
    await make('b')

    expect(world.store.operations.slice(before)).toEqual([
      'get',
      'get',
      'compareAndSet',
      'putIfAbsent',
      'get',
    ])
  })
})

describe('LIMITED_CODE_STOCK', () => {
  const USED_UP = {
    ok: false,
    error: { code: 'QUOTA_EXCEEDED', retryable: false, reason: 'LIMITED_CODE_STOCK is used up' },
  }

  test('lets so many limited and classic codes be made for good, and WeChat is not asked for more', async () => {
    const { world, make, makeLimited, asked } = await createCodeWorld({ LIMITED_CODE_STOCK: '2' })
    expect(codeOf(await makeLimited(1))).toBe('OK')
    expect(codeOf(await makeLimited(2, 'classic'))).toBe('OK')

    expect(await makeLimited(3)).toMatchObject(USED_UP)
    world.restart()
    world.clock.advance(86_400_000)
    const reply = await makeLimited(3, 'classic')
    expect(reply).toMatchObject(USED_UP)
    expect(reply).not.toHaveProperty('error.retryAfterMs')

    expect([asked(PATHS.limited), asked(PATHS.classic)]).toEqual([1, 1])
    expect(codeOf(await make('unlimited'))).toBe('OK')
  })

  test('may be none', async () => {
    const { simulator, makeLimited } = await createCodeWorld({ LIMITED_CODE_STOCK: '0' })

    expect(await makeLimited(1)).toMatchObject(USED_UP)

    expect(simulator.requests()).toEqual([])
  })

  test('goes on when the operator raises it, for the same request too', async () => {
    const { world, makeLimited } = await createCodeWorld({ LIMITED_CODE_STOCK: '1' })
    await makeLimited(1)
    expect(await makeLimited(2)).toMatchObject(USED_UP)

    world.restart({ LIMITED_CODE_STOCK: '2' })

    expect(codeOf(await makeLimited(2))).toBe('OK')
  })

  test('is not spent by a code that was made before', async () => {
    const { makeLimited } = await createCodeWorld({ LIMITED_CODE_STOCK: '2' })
    await makeLimited(1)
    for (let repeat = 0; repeat < 3; repeat++) expect(dataOf(await makeLimited(1)).cached).toBe(true)

    expect(codeOf(await makeLimited(2))).toBe('OK')
    expect(dataOf(await makeLimited(1)).cached).toBe(true)
  })

  test('has its last code for one of sixty-four who ask at once', async () => {
    const { makeLimited, simulator, asked } = await createCodeWorld({ LIMITED_CODE_STOCK: '1' })

    const codes = (await Promise.all(Array.from({ length: 64 }, (_, id) => makeLimited(id)))).map(codeOf)

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(63)
    expect(asked(PATHS.limited)).toBe(1)
    expect(simulator.accepted(PATHS.limited)).toBe(1)
  })

  test.each([
    ['refused', { errcode: 40159 }, 'PAGE_INVALID'],
    ['not allowed now', { errcode: 45009 }, 'RATE_LIMITED'],
    ['not allowed at all', { errcode: 48001 }, 'CONFIG_ERROR'],
  ])('has a code given back that WeChat has %s', async (_, fault, code) => {
    const { makeLimited, simulator } = await createCodeWorld({ LIMITED_CODE_STOCK: '1' })
    simulator.faults.add({ path: PATHS.limited, ...fault })
    expect(codeOf(await makeLimited(1))).toBe(code)

    expect(codeOf(await makeLimited(2))).toBe('OK')
  })

  test('has a code given back of which WeChat never heard', async () => {
    const { makeLimited, simulator } = await createCodeWorld({ LIMITED_CODE_STOCK: '1' })
    simulator.faults.add({ path: '/cgi-bin/stable_token', status: 503, times: 3 })
    expect(codeOf(await makeLimited(1))).toBe('UPSTREAM_UNAVAILABLE')

    expect(await makeLimited(2)).not.toMatchObject(USED_UP)
  })

  test('is spent by a code of which nobody knows, and by the next attempt at it', async () => {
    const { makeLimited, simulator } = await createCodeWorld({ LIMITED_CODE_STOCK: '2' })
    simulator.faults.add({ path: PATHS.limited, reset: 'afterTaken', times: 2 })
    expect(codeOf(await makeLimited(1, 'limited', 'first'))).toBe('OUTCOME_UNKNOWN')
    expect(codeOf(await makeLimited(1, 'limited', 'second'))).toBe('OUTCOME_UNKNOWN')

    expect(await makeLimited(1, 'limited', 'third')).toMatchObject(USED_UP)

    expect(simulator.accepted(PATHS.limited)).toBe(2)
    expect(codeOf(await makeLimited(1, 'limited', 'second'))).toBe('OUTCOME_UNKNOWN')
  })

  test("gives way to WeChat's own count, and WeChat is not asked again", async () => {
    const { world, makeLimited, simulator, asked } = await createCodeWorld({ LIMITED_CODE_STOCK: '50' })
    simulator.limits.setLimitedCodesLeft(0)
    expect(await makeLimited(1)).toMatchObject({
      error: { code: 'QUOTA_EXCEEDED', upstream: { errcode: 45029 } },
    })

    expect(await makeLimited(2)).toMatchObject(USED_UP)
    expect(await makeLimited(3, 'classic')).toMatchObject(USED_UP)
    expect(asked(PATHS.limited) + asked(PATHS.classic)).toBe(1)

    simulator.limits.setLimitedCodesLeft(1)
    world.restart({ LIMITED_CODE_STOCK: '51' })
    expect(codeOf(await makeLimited(2))).toBe('OK')
  })

  test('is a warning to the operator with each code of its last tenth', async () => {
    const { makeLimited, lines } = await createCodeWorld({ LIMITED_CODE_STOCK: '20' })
    for (let id = 1; id <= 20; id++) await makeLimited(id)
    await makeLimited(20, 'limited', 'again')

    const levels = lines().map(({ level, warnings }) => [level, warnings])
    expect(levels).toEqual([
      ...Array.from({ length: 17 }, () => ['info', undefined]),
      ...[2, 1, 0].map((limitedCodesLeft) => [
        'warn',
        [{ message: 'the stock of limited codes runs out', limitedCodesLeft }],
      ]),
      ['info', undefined],
    ])
  })

  test('that is malformed is CONFIG_ERROR, and nothing is asked or written', async () => {
    const { world, makeLimited } = await createCodeWorld({ LIMITED_CODE_STOCK: 'many' })

    expect(await makeLimited(1)).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: 'LIMITED_CODE_STOCK is malformed.' },
    })

    expect(world.store.operations).toEqual([])
    expect(world.simulator.requests()).toEqual([])
  })

  test('costs a code two operations of the store', async () => {
    const { world, makeLimited } = await createCodeWorld()
    await makeLimited(1)
    const before = world.store.operations.length
    await makeLimited(2)

    expect(world.store.operations.slice(before)).toEqual([
      'putIfAbsent',
      'get',
      'compareAndSet',
      'compareAndSet',
    ])
  })
})
