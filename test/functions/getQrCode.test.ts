import { describe, expect, test } from 'vitest'
import getQrCode, { type GetQrCodeOutput } from '../../functions/getQrCode/index.ts'
import type { Fault } from '../../scripts/simulator/faults.ts'
import { inspectImage } from '../../shared/core/image.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { Call } from '../../shared/function/invoke.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, TIMER } from '../support/world.ts'

const UNLIMITED = '/wxa/getwxacodeunlimit'
const LIMITED = '/wxa/getwxacode'
const CLASSIC = '/cgi-bin/wxaapp/createwxaqrcode'
const PATHS = { limited: LIMITED, classic: CLASSIC } as const

const SMALL = { width: 280 }
const CODE = { scene: 'table-7', ...SMALL }

const bytesOf = ({ imageBase64 = '' }: GetQrCodeOutput): Buffer => Buffer.from(imageBase64, 'base64')

type WorldOptions = Parameters<typeof createWorld>[0]

async function createCodeWorld({ effects, ...options }: WorldOptions = {}) {
  const world = await createWorld({ ...options, effects: { random: promptRandom, ...effects } })
  const alice = world.wechatUser('alice')

  return {
    world,
    simulator: world.simulator,
    make: (input: unknown = CODE, origin: Origin = alice, more?: Partial<Call>) =>
      world.call(getQrCode, input, origin, more),
    /** Where a phone's camera is led to by the code. */
    scan: (code: GetQrCodeOutput) => world.simulator.phone('bob').scan(bytesOf(code)),
    asked: (path = UNLIMITED) => world.simulator.requests(path).length,
    accepted: (path: string) => world.simulator.accepted(path),
  }
}

describe('an unlimited code', () => {
  test('leads a camera to its page with its scene', async () => {
    const { make, scan } = await createCodeWorld()

    const data = dataOf(await make({ ...CODE, page: 'pages/order/detail', checkPath: false }))

    expect(data).toEqual({
      contentType: 'image/jpeg',
      imageBase64: expect.any(String),
      scene: 'table-7',
      cached: false,
    })
    expect(scan(data)).toEqual({ path: 'pages/order/detail', scene: 'table-7' })
  })

  test('is what is made when no type is named', async () => {
    const { make, scan, asked } = await createCodeWorld()

    expect(scan(dataOf(await make({ ...CODE, type: 'unlimited' })))).toMatchObject({ scene: 'table-7' })
    expect(dataOf(await make())).toMatchObject({ cached: true })

    expect(asked()).toBe(1)
  })

  test("looks as asked for, in WeChat's own spelling", async () => {
    const { make, scan, simulator } = await createCodeWorld()
    const looks = { width: 300, isHyaline: true, lineColor: { r: 200, g: 0, b: 7 }, envVersion: 'trial' }

    const data = dataOf(await make({ scene: 'a', autoColor: false, ...looks }))

    expect(JSON.parse(simulator.requests(UNLIMITED)[0]?.body ?? '')).toEqual({
      scene: 'a',
      width: 300,
      auto_color: false,
      line_color: { r: 200, g: 0, b: 7 },
      is_hyaline: true,
      env_version: 'trial',
    })
    expect(inspectImage(bytesOf(data))).toMatchObject({ format: 'png', width: 300 })
    expect(data.contentType).toBe('image/png')
    expect(scan(data)).toMatchObject({ scene: 'a' })
  })

  test.each(["a!#$&'()*+,/:;=?@-._~b", 'x'.repeat(32), '0'])('carries the scene %j', async (scene) => {
    const { make, scan } = await createCodeWorld()

    expect(scan(dataOf(await make({ ...SMALL, scene })))).toMatchObject({ scene })
  })
})

describe.each(['limited', 'classic'] as const)('a %s code', (type) => {
  const INPUT = { type, path: 'pages/order/detail?id=7', ...SMALL }

  test('leads a camera to its path', async () => {
    const { make, scan, accepted } = await createCodeWorld()

    const data = dataOf(await make(INPUT, SERVER))

    expect(data).toEqual({ contentType: 'image/jpeg', imageBase64: expect.any(String), cached: false })
    expect(scan(data)).toEqual({ path: 'pages/order/detail?id=7' })
    expect(accepted(PATHS[type])).toBe(1)
  })

  test('is taken from the stock once, however often and wherever it is asked for', async () => {
    const { world, make, accepted } = await createCodeWorld()
    const first = dataOf(await make(INPUT, SERVER))

    world.restart()

    expect(dataOf(await make(INPUT, SERVER))).toEqual({ ...first, cached: true })
    expect(accepted(PATHS[type])).toBe(1)
  })

  test('that thirty-two servers ask for at once is taken once', async () => {
    const { make, accepted } = await createCodeWorld()

    const codes = (await Promise.all(Array.from({ length: 32 }, () => make(INPUT, SERVER)))).map(codeOf)

    expect(codes.filter((code) => code !== 'OK' && code !== 'IN_PROGRESS')).toEqual([])
    expect(accepted(PATHS[type])).toBe(1)
  })

  test('is not for users, of whom each could use the stock up', async () => {
    const { world, make } = await createCodeWorld()

    expect(await make(INPUT)).toMatchObject({ error: { code: 'FORBIDDEN', field: 'type' } })

    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })

  test("names its path when WeChat doesn't take it", async () => {
    const { make, simulator } = await createCodeWorld()
    simulator.faults.add({ path: PATHS[type], errcode: 40159 })

    expect(await make(INPUT, SERVER)).toMatchObject({ error: { code: 'PAGE_INVALID', field: 'path' } })
  })

  test('is QUOTA_EXCEEDED when the stock is used up', async () => {
    const { make, simulator } = await createCodeWorld()
    simulator.limits.setLimitedCodesLeft(0)

    expect(await make(INPUT, SERVER)).toMatchObject({
      error: { code: 'QUOTA_EXCEEDED', retryable: false, upstream: { errcode: 45029 } },
    })
  })

  test.each<[string, Omit<Fault, 'path'>, number]>([
    ['the answer is lost', { reset: 'afterTaken' }, 1],
    ['no answer comes', { hang: 'afterTaken' }, 1],
    ['the image is cut off', { cutAfterBytes: 500 }, 1],
    ['a gateway fails on the way back', { status: 502, afterTaken: true }, 1],
    ['success comes without an image', { body: '{"errcode":0,"errmsg":"ok"}', afterTaken: true }, 1],
    ['something else than an image comes', { body: '<html></html>', afterTaken: true }, 1],
    ['WeChat is busy', { errcode: -1 }, 0],
  ])('of which %s has an unknown outcome, until another request asks', async (_, fault, taken) => {
    const { make, simulator, accepted, asked } = await createCodeWorld({
      effects: { clock: createRunningClock() },
    })
    simulator.faults.add({ path: PATHS[type], ...fault })
    const again = { requestId: 'invocation-1' }

    expect(codeOf(await make(INPUT, SERVER, { ...again, remainingMs: 1500 }))).toBe('OUTCOME_UNKNOWN')
    expect(codeOf(await make(INPUT, SERVER, again))).toBe('OUTCOME_UNKNOWN')
    expect(asked(PATHS[type])).toBe(1)
    expect(accepted(PATHS[type])).toBe(taken)

    expect(dataOf(await make(INPUT, SERVER))).toMatchObject({ cached: false })
    expect(accepted(PATHS[type])).toBe(taken + 1)
  })

  test('is not asked for while the store is down', async () => {
    const { world, make, asked } = await createCodeWorld()
    world.store.isDown = true

    expect(codeOf(await make(INPUT, SERVER))).toBe('STATE_UNAVAILABLE')

    expect(asked(PATHS[type])).toBe(0)
  })
})

describe('the cache', () => {
  test('answers equal parameters, in whatever order, to everybody and after a restart', async () => {
    const { world, make, asked } = await createCodeWorld()
    const first = dataOf(await make({ scene: 'a', width: 280, page: 'pages/order/detail' }))

    world.restart()
    const second = dataOf(await make({ page: 'pages/order/detail', width: 280, scene: 'a' }, SERVER))

    expect(second).toEqual({ ...first, cached: true })
    expect(asked()).toBe(1)
  })

  test.each([
    ['scene', { scene: 'b' }],
    ['page', { page: 'pages/order/detail' }],
    ['width', { width: 281 }],
    ['colour', { lineColor: { r: 1, g: 0, b: 0 } }],
    ['transparency', { isHyaline: true }],
    ['version', { envVersion: 'trial' }],
    ['check of the path', { checkPath: false }],
  ])('tells codes of another %s apart', async (_, other) => {
    const { make, asked } = await createCodeWorld()
    await make()

    expect(dataOf(await make({ ...CODE, ...other }))).toMatchObject({ cached: false })

    expect(asked()).toBe(2)
  })

  test.each([
    ['unlimited', { scene: 'table=7', checkPath: true }],
    ['limited', { type: 'limited', path: 'pages/index/index' }],
  ])('of %s codes answers whoever spells a default out', async (_, code) => {
    const world = await createWorld()
    const defaults = {
      width: 430,
      autoColor: false,
      lineColor: { r: 0, g: 0, b: 0 },
      isHyaline: false,
      envVersion: 'release',
    }

    const made = dataOf(await world.call(getQrCode, code, SERVER))
    const again = dataOf(await world.call(getQrCode, { ...code, ...defaults }, SERVER))
    const other = dataOf(await world.call(getQrCode, { ...code, width: 280 }, SERVER))

    expect([made.cached, again, other.cached]).toEqual([false, { ...made, cached: true }, false])
  })

  test('holds an image for thirty days', async () => {
    const { world, make } = await createCodeWorld()
    await make()

    world.clock.advance(30 * 86_400_000 - 1)
    expect(dataOf(await make())).toMatchObject({ cached: true })
    world.clock.advance(1)
    expect(dataOf(await make())).toMatchObject({ cached: false })
  })

  test.each<[string, Omit<Fault, 'path'>, string]>([
    ['a refusal', { errcode: 41030 }, 'PAGE_INVALID'],
    ['a refusal labelled as an image', { body: '{"errcode":40129}' }, 'SCENE_INVALID'],
    ['too many a minute', { errcode: 45009 }, 'RATE_LIMITED'],
    ['half an image', { cutAfterBytes: 500 }, 'UPSTREAM_BAD_RESPONSE'],
    [
      'an image without its end',
      { body: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0]) },
      'UPSTREAM_BAD_RESPONSE',
    ],
    ['HTML', { body: '<html></html>' }, 'UPSTREAM_BAD_RESPONSE'],
    ['success without an image', { body: '{"errcode":0}' }, 'UPSTREAM_BAD_RESPONSE'],
  ])('never holds %s', async (_, fault, code) => {
    const { make, simulator } = await createCodeWorld()
    simulator.faults.add({ path: UNLIMITED, ...fault })

    expect(codeOf(await make())).toBe(code)

    expect(dataOf(await make())).toMatchObject({ cached: false })
  })

  test('is done without when the store is down', async () => {
    const { world, make, scan } = await createCodeWorld()
    world.store.isDown = true

    expect(scan(dataOf(await make()))).toMatchObject({ scene: 'table-7' })
    expect(dataOf(await make())).toMatchObject({ cached: false })
  })

  test('that takes no writes does not hold up the image', async () => {
    const { world, make } = await createCodeWorld()
    world.store.refusesWrites = true

    expect(dataOf(await make())).toMatchObject({ cached: false })
  })
})

describe('a read that fails is repeated', () => {
  test.each<[string, Omit<Fault, 'path'>]>([
    ['a lost connection', { reset: 'afterTaken' }],
    ['a busy WeChat', { errcode: -1 }],
    ['a gateway', { status: 502 }],
  ])('after %s', async (_, fault) => {
    const { make, scan, simulator, asked } = await createCodeWorld()
    simulator.faults.add({ path: UNLIMITED, times: 2, ...fault })

    expect(scan(dataOf(await make()))).toMatchObject({ scene: 'table-7' })

    expect(asked()).toBe(3)
  })
})

describe('an input that can be refused here is refused before WeChat is asked', () => {
  const limited = { type: 'limited', path: 'pages/index/index' }
  const classic = { type: 'classic', path: 'pages/index/index' }

  test.each<[string, object, string, string]>([
    ['no scene', {}, 'INVALID_ARGUMENT', 'scene'],
    ['an empty scene', { scene: '' }, 'SCENE_INVALID', 'scene'],
    ['a scene of 33 characters', { scene: 'x'.repeat(33) }, 'SCENE_INVALID', 'scene'],
    ['a scene in Chinese', { scene: '桌七' }, 'SCENE_INVALID', 'scene'],
    ['an escaped scene', { scene: 'a%20b' }, 'SCENE_INVALID', 'scene'],
    ['a scene beside params', { scene: 'a', params: { a: 1 } }, 'INVALID_ARGUMENT', 'params'],
    ['params as a text', { params: '{"a":1}' }, 'INVALID_ARGUMENT', 'params'],
    ['params as a list', { params: [1] }, 'INVALID_ARGUMENT', 'params'],
    ['params that are nothing', { params: null }, 'INVALID_ARGUMENT', 'params'],
    ['params of 4097 bytes', { params: { a: 'x'.repeat(4089) } }, 'INVALID_ARGUMENT', 'params'],
    [
      'params of 4097 bytes in Chinese',
      { params: { a: `x${'桌'.repeat(1363)}` } },
      'INVALID_ARGUMENT',
      'params',
    ],
    ['a page with a slash', { scene: 'a', page: '/pages/index' }, 'PAGE_INVALID', 'page'],
    ['a page with a query', { scene: 'a', page: 'pages/index?a=1' }, 'PAGE_INVALID', 'page'],
    ['a page that climbs', { scene: 'a', page: 'pages/../index' }, 'PAGE_INVALID', 'page'],
    ['a width below 280', { scene: 'a', width: 279 }, 'INVALID_ARGUMENT', 'width'],
    ['a width over 1280', { scene: 'a', width: 1281 }, 'INVALID_ARGUMENT', 'width'],
    ['half a pixel', { scene: 'a', width: 300.5 }, 'INVALID_ARGUMENT', 'width'],
    ['a width as text', { scene: 'a', width: '300' }, 'INVALID_ARGUMENT', 'width'],
    [
      'a colour over 255',
      { scene: 'a', lineColor: { r: 256, g: 0, b: 0 } },
      'INVALID_ARGUMENT',
      'lineColor.r',
    ],
    ['half a colour', { scene: 'a', lineColor: { r: 1 } }, 'INVALID_ARGUMENT', 'lineColor.g'],
    ['an unknown version', { scene: 'a', envVersion: 'beta' }, 'INVALID_ARGUMENT', 'envVersion'],
    ['an unknown type', { type: 'square', scene: 'a' }, 'INVALID_ARGUMENT', 'type'],
    ['a path for an unlimited code', { scene: 'a', path: 'pages/index' }, 'INVALID_ARGUMENT', 'path'],
    ['a scene for a limited code', { ...limited, scene: 'a' }, 'INVALID_ARGUMENT', 'scene'],
    ['params for a limited code', { ...limited, params: { a: 1 } }, 'INVALID_ARGUMENT', 'params'],
    ['params for a classic code', { ...classic, params: {} }, 'INVALID_ARGUMENT', 'params'],
    ['a page for a limited code', { ...limited, page: 'pages/index' }, 'INVALID_ARGUMENT', 'page'],
    [
      'a check of the path of a limited code',
      { ...limited, checkPath: true },
      'INVALID_ARGUMENT',
      'checkPath',
    ],
    ['a limited code without a path', { type: 'limited' }, 'INVALID_ARGUMENT', 'path'],
    ['a path of 1025 characters', { ...limited, path: 'p'.repeat(1025) }, 'PAGE_INVALID', 'path'],
    ['a path with a slash', { ...limited, path: '/pages/index' }, 'PAGE_INVALID', 'path'],
    ['a reserved parameter', { ...limited, path: 'pages/index?scancode_time=1' }, 'PAGE_INVALID', 'path'],
    ['a colour for a classic code', { ...classic, autoColor: true }, 'INVALID_ARGUMENT', 'autoColor'],
    ['transparency for a classic code', { ...classic, isHyaline: true }, 'INVALID_ARGUMENT', 'isHyaline'],
    ['a version for a classic code', { ...classic, envVersion: 'trial' }, 'INVALID_ARGUMENT', 'envVersion'],
    ['a classic path of 129 characters', { ...classic, path: 'p'.repeat(129) }, 'PAGE_INVALID', 'path'],
    ['an openid', { scene: 'a', openid: 'o-eve' }, 'INVALID_ARGUMENT', 'openid'],
  ])('%s', async (_, input, code, field) => {
    const { world, make } = await createCodeWorld()

    expect(await make(input, SERVER)).toMatchObject({ ok: false, error: { code, field } })

    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })
})

test('a page that is not released is PAGE_INVALID unless it need not be', async () => {
  const { make } = await createCodeWorld()
  const input = { ...CODE, page: 'pages/soon' }

  expect(await make(input)).toMatchObject({
    error: { code: 'PAGE_INVALID', field: 'page', upstream: { errcode: 41030, rid: expect.any(String) } },
  })
  expect(codeOf(await make({ ...input, checkPath: false }))).toBe('OK')
})

test.each([
  ['nobody', NOBODY, 'UNAUTHENTICATED'],
  ['a timer', TIMER, 'FORBIDDEN'],
])('%s gets no code', async (_, origin, code) => {
  const { make, simulator } = await createCodeWorld()

  expect(codeOf(await make(CODE, origin))).toBe(code)

  expect(simulator.requests()).toEqual([])
})
