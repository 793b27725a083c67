import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import { RISKY_IMAGE_MARK } from '../../scripts/simulator/contentVerdict.ts'
import type { Fault } from '../../scripts/simulator/faults.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { bmpOf, gifOf, jpegOf, pngOf } from '../core/imageSamples.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, TIMER } from '../support/world.ts'

const TEXT = '/wxa/msg_sec_check'
const IMAGE = '/wxa/img_sec_check'
const MEDIA = '/wxa/media_check_async'

const TEXT_INPUT = { type: 'text', scene: 2, content: '一壶红茶' }
const PASS = { suggest: 'pass', label: 100, labelName: '正常' }
const URL_INPUT = { type: 'image', scene: 1, mediaUrl: 'https://cdn.example.com/a.png' }

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

type WorldOptions = Parameters<typeof createWorld>[0]

/** A world in which Alice has the mini program open. */
async function createContentWorld({ effects, ...options }: WorldOptions = {}) {
  const world = await createWorld({ ...options, effects: { random: promptRandom, ...effects } })
  const phone = world.simulator.phone('alice')
  phone.login()
  const alice = world.wechatUser('alice')

  return {
    world,
    simulator: world.simulator,
    openid: phone.openid,
    check: (input: unknown = TEXT_INPUT, origin: Origin = alice) => world.call(checkContent, input, origin),
    asked: (path: string) => world.simulator.requests(path).map(({ body }) => body),
  }
}

const imageInput = (bytes: Buffer) => ({ type: 'image', scene: 1, imageBase64: bytes.toString('base64') })

describe('a text', () => {
  test.each([
    ['一壶红茶', PASS],
    ['这个笨蛋', { suggest: 'review', label: 20003, labelName: '辱骂' }],
    ['在线赌博', { suggest: 'risky', label: 20006, labelName: '违法犯罪' }],
  ])('%j gets its verdict, attached to its hash', async (content, verdict) => {
    const { check } = await createContentWorld()

    expect(dataOf(await check({ ...TEXT_INPUT, content }))).toEqual({
      ...verdict,
      traceId: expect.stringMatching(/^[0-9a-f-]+$/),
      contentHash: sha256(content),
    })
  })

  test('is judged as that of its author, in its scene, with what stands around it', async () => {
    const { check, asked, openid } = await createContentWorld()
    const around = { title: 'tea', nickname: 'alice', signature: 'drink tea' }

    await check({ ...TEXT_INPUT, scene: 1, ...around })

    expect(asked(TEXT).map((body) => JSON.parse(body))).toEqual([
      { version: 2, content: '一壶红茶', scene: 1, openid, ...around },
    ])
  })

  test.each(['title', 'nickname', 'signature'])('is risky for a risky %s', async (field) => {
    const { check } = await createContentWorld()

    expect(dataOf(await check({ ...TEXT_INPUT, scene: 1, [field]: '赌博' }))).toMatchObject({
      suggest: 'risky',
    })
  })

  test('of a server is that of the user whom it names', async () => {
    const { check, asked, openid } = await createContentWorld()

    expect(codeOf(await check({ ...TEXT_INPUT, openid }, SERVER))).toBe('OK')

    expect(JSON.parse(asked(TEXT)[0] ?? '')).toMatchObject({ openid })
  })

  test('needs no state: it is judged while the store is down', async () => {
    const { world, check } = await createContentWorld()
    world.store.isDown = true

    expect(dataOf(await check())).toMatchObject(PASS)
  })
})

describe('a long text', () => {
  const filler = (length: number) => '茶'.repeat(length)

  test.each([
    [2500, 1],
    [2501, 2],
    [4900, 2],
    [4901, 3],
    [34_000, 15],
  ])('of %i characters is judged in %i parts, none over 2,500', async (length, parts) => {
    const { check, asked } = await createContentWorld()

    expect(dataOf(await check({ ...TEXT_INPUT, content: filler(length) }))).toMatchObject(PASS)

    const contents = asked(TEXT).map((body) => JSON.parse(body).content.length)
    expect(contents).toHaveLength(parts)
    expect(Math.max(...contents)).toBeLessThanOrEqual(2500)
  })

  test.each([2498, 2499, 2500, 2401, 4898, 4899])('hides no phrase at the seams: at %i', async (at) => {
    const { check } = await createContentWorld()
    const content = `${filler(at)}赌博${filler(3000)}`

    expect(dataOf(await check({ ...TEXT_INPUT, content }))).toEqual({
      suggest: 'risky',
      label: 20006,
      labelName: '违法犯罪',
      traceId: expect.any(String),
      contentHash: sha256(content),
    })
  })

  test('is as bad as its worst part, wherever that is', async () => {
    const { check } = await createContentWorld()

    for (const parts of [
      ['赌博', '笨蛋', 'tea'],
      ['tea', '笨蛋', '赌博'],
      ['笨蛋', '赌博', '笨蛋'],
    ]) {
      const content = parts.map((part) => part + filler(2600)).join('')
      expect(dataOf(await check({ ...TEXT_INPUT, content }))).toMatchObject({ suggest: 'risky' })
    }
  })

  test('has its title judged once, with its first part', async () => {
    const { check, asked } = await createContentWorld()

    await check({ ...TEXT_INPUT, title: 'tea', content: filler(5000) })

    expect(asked(TEXT).filter((body) => body.includes('"title"'))).toHaveLength(1)
  })

  test.each<[string, Omit<Fault, 'path'>, string]>([
    ['a lost connection', { reset: 'before', times: 99 }, 'UPSTREAM_UNAVAILABLE'],
    ['HTML', { body: '<html></html>' }, 'UPSTREAM_BAD_RESPONSE'],
    ['a limit', { errcode: 44991 }, 'RATE_LIMITED'],
  ])('is never a pass when %s befalls one part', async (_, fault, code) => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: TEXT, ...fault })

    expect(codeOf(await check({ ...TEXT_INPUT, content: filler(9000) }))).toBe(code)
  })
})

describe('only a pass is a pass', () => {
  test.each<[string, object]>([
    ['an unknown suggestion', { result: { suggest: 'fine', label: 100 } }],
    ['a capital', { result: { suggest: 'Pass', label: 100 } }],
    ['no suggestion', { result: { label: 100 } }],
    ['true', { result: { suggest: true, label: 100 } }],
  ])('a text with %s is to be reviewed', async (_, answer) => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: TEXT, body: JSON.stringify({ errcode: 0, ...answer }) })

    expect(dataOf(await check())).toMatchObject({ suggest: 'review' })
  })

  test('a text that WeChat calls risky by its errcode is risky, and no failure', async () => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: TEXT, errcode: 87014 })

    expect(dataOf(await check())).toMatchObject({ suggest: 'risky' })
  })

  test.each<[string, string]>([
    ['no result', '{"errcode":0,"errmsg":"ok"}'],
    ['a result that is a text', '{"errcode":0,"result":"pass"}'],
    ['an empty object', '{}'],
  ])('an answer with %s is none', async (_, body) => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: TEXT, body })

    expect(codeOf(await check())).toBe('UPSTREAM_BAD_RESPONSE')
  })

  test('an image without an explicit 0 is to be reviewed', async () => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: IMAGE, body: '{"errmsg":"ok"}' })

    expect(dataOf(await check(imageInput(pngOf(20, 20))))).toMatchObject({ suggest: 'review' })
  })
})

describe('an image', () => {
  const RISKY = Buffer.concat([gifOf(20, 20), Buffer.from(RISKY_IMAGE_MARK)])

  test.each<[string, Buffer, string]>([
    ['PNG', pngOf(40, 30), 'pass'],
    ['JPEG', jpegOf(40, 30), 'pass'],
    ['GIF', gifOf(40, 30), 'pass'],
    ['GIF that is risky', RISKY, 'risky'],
    ['PNG of the largest size', pngOf(750, 10), 'pass'],
  ])('%s gets its verdict at once', async (_, bytes, suggest) => {
    const { check } = await createContentWorld()

    expect(dataOf(await check(imageInput(bytes)))).toEqual({ suggest, contentHash: sha256(bytes) })
  })

  test.each<[string, Buffer, string]>([
    ['a BMP', bmpOf(20, 20), 'MEDIA_UNSUPPORTED'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'MEDIA_UNSUPPORTED'],
    ['HTML', Buffer.from('<html></html>'), 'MEDIA_UNSUPPORTED'],
    ['a PNG without its end', pngOf(40, 30).subarray(0, -12), 'MEDIA_CORRUPT'],
    ['a JPEG without its end', jpegOf(40, 30).subarray(0, -2), 'MEDIA_CORRUPT'],
    ['a GIF that is too wide', gifOf(751, 10), 'MEDIA_DIMENSIONS'],
    ['a GIF that is too high', gifOf(10, 1335), 'MEDIA_DIMENSIONS'],
  ])('that is %s is refused by its bytes', async (_, bytes, code) => {
    const { check, simulator } = await createContentWorld()

    expect(codeOf(await check(imageInput(bytes)))).toBe(code)

    expect(simulator.requests()).toEqual([])
  })

  test.each([
    ['not base64', '****'],
    ['URL-safe base64', Buffer.from([0xfb, 0xff, 0xfe]).toString('base64url')],
    ['base64 with a line break', 'iVBO\nRw0K'],
  ])('in %s is INVALID_ARGUMENT', async (_, imageBase64) => {
    const { check, simulator } = await createContentWorld()

    expect(await check({ type: 'image', scene: 1, imageBase64 })).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'imageBase64' },
    })

    expect(simulator.requests()).toEqual([])
  })

  test('that WeChat finds too large is MEDIA_TOO_LARGE', async () => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: IMAGE, errcode: 40006 })

    expect(codeOf(await check(imageInput(pngOf(20, 20))))).toBe('MEDIA_TOO_LARGE')
  })
})

describe('media behind a URL', () => {
  test.each([
    ['image', 2],
    ['audio', 1],
  ])('of type %s is submitted, and its verdict awaited', async (type, mediaType) => {
    const { check, simulator, openid } = await createContentWorld()

    const data = dataOf(await check({ ...URL_INPUT, type, scene: 3 }))

    expect(data).toEqual({
      suggest: 'pending',
      traceId: expect.any(String),
      contentHash: sha256(URL_INPUT.mediaUrl),
    })
    expect(simulator.mediaJobs).toMatchObject([
      { traceId: data.traceId, openid, mediaUrl: URL_INPUT.mediaUrl, mediaType, scene: 3 },
    ])
  })

  test.each([
    'http://cdn.example.com/a.png',
    'https://127.0.0.1/a.png',
    'https://[::1]/a.png',
    'https://2130706433/a.png',
    'https://localhost/a.png',
    'https://user@cdn.example.com/a.png',
    'https://cdn.example.com:8443/a.png',
    'https://metadata.google.internal/',
    'file:///etc/passwd',
    '',
  ])('at %j is forbidden', async (mediaUrl) => {
    const { check, simulator } = await createContentWorld()

    expect(await check({ ...URL_INPUT, mediaUrl })).toMatchObject({
      error: { code: 'MEDIA_URL_FORBIDDEN', field: 'mediaUrl', reason: expect.any(String) },
    })

    expect(simulator.requests()).toEqual([])
  })

  test('on a host that the deployment does not list is forbidden', async () => {
    const { check } = await createContentWorld({
      environment: { MEDIA_HOSTS: 'img.example.com,*.cos.example.com' },
    })

    expect(codeOf(await check(URL_INPUT))).toBe('MEDIA_URL_FORBIDDEN')
    expect(codeOf(await check({ ...URL_INPUT, mediaUrl: 'https://img.example.com/a.png' }))).toBe('OK')
    expect(codeOf(await check({ ...URL_INPUT, mediaUrl: 'https://a.cos.example.com/a.png' }))).toBe('OK')
  })

  test('that is submitted too often is RATE_LIMITED', async () => {
    const { check, simulator } = await createContentWorld()
    simulator.faults.add({ path: MEDIA, errcode: 87020 })

    expect(await check(URL_INPUT)).toMatchObject({ error: { code: 'RATE_LIMITED', retryAfterMs: 60_000 } })
  })

  test("in CloudBase's storage cannot be reached from elsewhere", async () => {
    const { check, simulator } = await createContentWorld()

    expect(codeOf(await check({ type: 'audio', scene: 1, fileID: 'cloud://env.bucket/a.mp3' }))).toBe(
      'INVALID_ARGUMENT',
    )

    expect(simulator.requests()).toEqual([])
  })
})

describe('an input that can be refused here is refused before WeChat is asked', () => {
  test.each<[string, object, string, string]>([
    ['no type', { type: undefined }, 'INVALID_ARGUMENT', 'type'],
    ['an unknown type', { type: 'video' }, 'INVALID_ARGUMENT', 'type'],
    ['no scene', { scene: undefined }, 'INVALID_ARGUMENT', 'scene'],
    ['scene 0', { scene: 0 }, 'INVALID_ARGUMENT', 'scene'],
    ['scene 5', { scene: 5 }, 'INVALID_ARGUMENT', 'scene'],
    ['a scene as text', { scene: '1' }, 'INVALID_ARGUMENT', 'scene'],
    ['no content', { content: undefined }, 'INVALID_ARGUMENT', 'content'],
    ['an empty text', { content: '' }, 'INVALID_ARGUMENT', 'content'],
    ['a text of 100 KB and a byte', { content: 'x'.repeat(102_401) }, 'PAYLOAD_TOO_LARGE', 'content'],
    ['as many bytes in Chinese', { content: '茶'.repeat(34_134) }, 'PAYLOAD_TOO_LARGE', 'content'],
    ['a title of 501 characters', { title: 'x'.repeat(501) }, 'INVALID_ARGUMENT', 'title'],
    ['a signature in another scene', { scene: 2, signature: 'tea' }, 'INVALID_ARGUMENT', 'signature'],
    ['an image beside the text', { mediaUrl: 'https://cdn.example.com/' }, 'INVALID_ARGUMENT', 'mediaUrl'],
    ['a text for an image', { type: 'image' }, 'INVALID_ARGUMENT', 'content'],
    ['an image without one', { type: 'image', content: undefined }, 'INVALID_ARGUMENT', 'imageBase64'],
    ['audio without any', { type: 'audio', content: undefined }, 'INVALID_ARGUMENT', 'mediaUrl'],
    [
      'audio in the input',
      { type: 'audio', content: undefined, imageBase64: 'AAAA' },
      'INVALID_ARGUMENT',
      'imageBase64',
    ],
    ['two images', { ...URL_INPUT, content: undefined, imageBase64: 'AAAA' }, 'INVALID_ARGUMENT', 'mediaUrl'],
    ['a title for an image', { ...URL_INPUT, content: undefined, title: 'tea' }, 'INVALID_ARGUMENT', 'title'],
    [
      'a file id that is none',
      { type: 'image', content: undefined, fileID: '/a.png' },
      'INVALID_ARGUMENT',
      'fileID',
    ],
    ["a user's own openid", { openid: 'o-eve' }, 'INVALID_ARGUMENT', 'openid'],
  ])('%s', async (_, fields, code, field) => {
    const { world, check } = await createContentWorld()

    expect(await check({ ...TEXT_INPUT, ...fields })).toMatchObject({ ok: false, error: { code, field } })

    expect(world.simulator.requests()).toEqual([])
  })

  test('a server that names no user', async () => {
    const { check, simulator } = await createContentWorld()

    expect(await check(TEXT_INPUT, SERVER)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'openid' },
    })

    expect(simulator.requests()).toEqual([])
  })

  test.each([
    ['nobody', NOBODY, 'UNAUTHENTICATED'],
    ['a timer', TIMER, 'FORBIDDEN'],
  ])('%s', async (_, origin, code) => {
    const { check, simulator } = await createContentWorld()

    expect(codeOf(await check(TEXT_INPUT, origin))).toBe(code)

    expect(simulator.requests()).toEqual([])
  })
})

test.each([TEXT_INPUT, URL_INPUT])(
  'a user who was not there for two hours is USER_NOT_RECENT: $type',
  async (input) => {
    const { world, check } = await createContentWorld()
    world.clock.advance(2 * 3_600_000 + 1)

    expect(await check(input)).toMatchObject({
      error: { code: 'USER_NOT_RECENT', upstream: { errcode: 61010 } },
    })
  },
)

test('a text of exactly 100 KB is judged', async () => {
  const { check, asked } = await createContentWorld()

  expect(dataOf(await check({ ...TEXT_INPUT, content: 'x'.repeat(102_400) }))).toMatchObject(PASS)

  expect(asked(TEXT)).toHaveLength(43)
})
