import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodePixels } from '../../scripts/simulator/pixels.ts'
import { type Json, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const UNLIMITED = '/wxa/getwxacodeunlimit'
const LIMITED = '/wxa/getwxacode'
const CLASSIC = '/cgi-bin/wxaapp/createwxaqrcode'

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

async function draw(path: string, body: Json) {
  const response = await world.postRaw(path, { access_token: await world.token() }, JSON.stringify(body))
  const image = new Uint8Array(await response.arrayBuffer())
  return {
    response,
    image,
    type: response.headers.get('content-type'),
    scan: () => world.simulator.phone('bob').scan(image),
  }
}

test('an unlimited code is a JPEG of 430 pixels that a phone reads back', async () => {
  const { image, type, scan } = await draw(UNLIMITED, {
    scene: "a=1&b=!#$'()*+,/:;?@-._~",
    page: 'pages/scan/scan',
  })

  expect(type).toBe('image/jpeg')
  expect(decodePixels(image)).toMatchObject({ width: 430, height: 430 })
  expect(scan()).toEqual({ path: 'pages/scan/scan', scene: "a=1&b=!#$'()*+,/:;?@-._~" })
  expect(world.simulator.accepted(UNLIMITED)).toBe(1)
})

test('a code without a page opens the home page', async () => {
  expect((await draw(UNLIMITED, { scene: 's' })).scan()).toMatchObject({ path: 'pages/index/index' })
})

test.each([
  ['the smallest', { width: 280 }, 280],
  ['the largest', { width: 1280 }, 1280],
  ['a coloured', { line_color: { r: '120', g: 0, b: 60 } }, 430],
  ['an automatically coloured', { auto_color: true }, 430],
])('%s code has its width and reads back', async (_case, style, width) => {
  const { image, scan } = await draw(UNLIMITED, { scene: 'abc', ...style })

  expect(decodePixels(image).width).toBe(width)
  expect(scan().scene).toBe('abc')
})

test('a hyaline code is a PNG with a transparent ground that reads back', async () => {
  const { image, type, scan } = await draw(UNLIMITED, { scene: 'abc', is_hyaline: true })

  expect(type).toBe('image/png')
  expect(decodePixels(image).data[3]).toBe(0)
  expect(scan().scene).toBe('abc')
})

test.each([
  [LIMITED, `pages/order/detail?id=${'x'.repeat(1000)}`],
  [CLASSIC, 'pages/order/detail?id=订单1'],
])('%s makes a code for a path with query, and counts it', async (path, target) => {
  const { response, scan } = await draw(path, { path: target })

  expect(response.headers.get('num-used')).toBe('1')
  expect(scan()).toEqual({ path: target })
})

test.each([
  ['an illegal character', UNLIMITED, { scene: 'a b' }, 40129],
  ['a percent sign', UNLIMITED, { scene: 'a%20' }, 40129],
  ['a scene that is too long', UNLIMITED, { scene: 'x'.repeat(33) }, 40169],
  ['no scene', UNLIMITED, {}, 40169],
  ['a page that is not released', UNLIMITED, { scene: 's', page: 'pages/none' }, 41030],
  [
    'a page with a leading slash',
    UNLIMITED,
    { scene: 's', page: '/pages/index/index', check_path: false },
    41030,
  ],
  ['a page with a query', UNLIMITED, { scene: 's', page: 'pages/index/index?a=1', check_path: false }, 41030],
  ['an unknown version', UNLIMITED, { scene: 's', env_version: 'beta' }, 40097],
  ['a width out of range', UNLIMITED, { scene: 's', width: 279 }, 40097],
  ['a colour out of range', UNLIMITED, { scene: 's', line_color: { r: 256, g: 0, b: 0 } }, 40097],
  ['the reserved parameter', UNLIMITED, { scene: 'scancode_time' }, 85096],
  ['no path', LIMITED, {}, 40159],
  ['a path over 1024 characters', LIMITED, { path: 'x'.repeat(1025) }, 40159],
  ['a path over 128 characters', CLASSIC, { path: 'x'.repeat(129) }, 40159],
])('%s is refused as JSON', async (_case, path, body, errcode) => {
  const { response, type, image } = await draw(path, body)

  expect(response.status).toBe(200)
  expect(type).toMatch(/^application\/json/)
  expect(JSON.parse(Buffer.from(image).toString())).toMatchObject({ errcode })
  expect(world.simulator.accepted(path)).toBe(0)
})

test('a page that is not released is fine when it is not checked', async () => {
  const { scan } = await draw(UNLIMITED, { scene: 's', page: 'pages/next', check_path: false })

  expect(scan().path).toBe('pages/next')
})

test('both limited kinds share the codes that are left', async () => {
  world.simulator.limits.setLimitedCodesLeft(1)

  expect((await draw(LIMITED, { path: 'pages/a' })).type).toBe('image/jpeg')
  expect(await world.call(CLASSIC, { path: 'pages/a' })).toMatchObject({ errcode: 45029 })
})

test('a phone does not open the code of another mini program', async () => {
  const { image } = await draw(UNLIMITED, { scene: 's' })
  const other = await startTestSimulator({ appId: 'wxfedcba9876543210' })
  await other.simulator.close()

  expect(() => other.simulator.phone('bob').scan(image)).toThrow(/another mini program/)
})
