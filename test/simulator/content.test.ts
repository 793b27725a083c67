import { afterEach, beforeEach, expect, test } from 'vitest'
import { RISKY_IMAGE_MARK } from '../../scripts/simulator/contentVerdict.ts'
import { encodeJpeg, encodePng } from '../../scripts/simulator/pixels.ts'
import { type Json, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const TEXT = '/wxa/msg_sec_check'
const IMAGE = '/wxa/img_sec_check'
const ASYNC = '/wxa/media_check_async'

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
  world.simulator.phone('alice').login()
})
afterEach(() => world.simulator.close())

const checkText = (fields: Json) =>
  world.call(TEXT, {
    version: 2,
    scene: 2,
    openid: world.simulator.phone('alice').openid,
    content: 'hello',
    ...fields,
  })

test.each([
  ['你好', 'pass', 100],
  ['Online GAMBLING here', 'risky', 20006],
  ['你是笨蛋', 'review', 20003],
  ['a 笨蛋 who sells porn', 'risky', 20002],
])('the text "%s" is judged %s', async (content, suggest, label) => {
  expect(await checkText({ content })).toMatchObject({
    errcode: 0,
    result: { suggest, label },
    trace_id: expect.stringMatching(/^[0-9a-f]{8}-/),
    detail: expect.arrayContaining([expect.objectContaining({ strategy: 'content_model', suggest, label })]),
  })
})

test('title and nickname are judged with the text, the signature only in a profile', async () => {
  expect(await checkText({ title: '赌博' })).toMatchObject({ result: { suggest: 'risky' } })
  expect(await checkText({ nickname: '赌博' })).toMatchObject({ result: { suggest: 'risky' } })
  expect(await checkText({ signature: '赌博' })).toMatchObject({ result: { suggest: 'pass' } })
  expect(await checkText({ signature: '赌博', scene: 1 })).toMatchObject({ result: { suggest: 'risky' } })
})

test.each([
  ['2501 characters', { content: '字'.repeat(2501) }, 45002],
  ['an unknown scene', { scene: 5 }, 40129],
  ['an unknown user', { openid: 'o-unknown' }, 40003],
])('%s get no verdict', async (_case, wrong, errcode) => {
  expect(await checkText(wrong)).toMatchObject({ errcode })
  expect(world.simulator.accepted(TEXT)).toBe(0)
})

test('a text of 2500 characters gets a verdict', async () => {
  expect(await checkText({ content: '字'.repeat(2500) })).toMatchObject({ result: { suggest: 'pass' } })
})

test('a user counts as active for two hours after the last use of the phone', async () => {
  world.clock.ms += 2 * 3600_000
  expect(await checkText({})).toMatchObject({ errcode: 0 })
  world.clock.ms += 1

  expect(await checkText({})).toMatchObject({ errcode: 61010 })
  world.simulator.phone('alice').cloudId('userInfo')
  expect(await checkText({})).toMatchObject({ errcode: 0 })
  expect(await checkText({ openid: world.simulator.phone('never-used').openid })).toMatchObject({
    errcode: 61010,
  })
})

test('without a version a risky text is an error, as in version 1', async () => {
  expect(await checkText({ version: undefined, content: '赌博' })).toMatchObject({ errcode: 87014 })
})

function paint([r, g, b]: readonly [number, number, number], width = 20, height = 20) {
  const data = new Uint8Array(width * height * 4)
  for (let at = 0; at < data.length; at += 4) data.set([r, g, b, 255], at)
  return { width, height, data }
}
const RED = [230, 30, 30] as const
const BLUE = [30, 30, 230] as const

async function checkImage(bytes: Uint8Array, part = 'media'): Promise<Json> {
  const form = new FormData()
  form.set(part, new Blob([new Uint8Array(bytes)], { type: 'image/png' }), 'image.png')
  const response = await world.postRaw(IMAGE, { access_token: await world.token() }, form)
  return JSON.parse(await response.text())
}

test.each([
  ['a blue PNG', encodePng(paint(BLUE)), 0],
  ['a red PNG', encodePng(paint(RED)), 87014],
  ['a red JPEG', encodeJpeg(paint(RED)), 87014],
  ['a GIF', Buffer.from('GIF89a…'), 0],
  ['a marked GIF', Buffer.from(`GIF89a ${RISKY_IMAGE_MARK}`), 87014],
])('%s is judged: errcode %i', async (_case, bytes, errcode) => {
  expect(await checkImage(bytes)).toMatchObject({ errcode })
  expect(world.simulator.accepted(IMAGE)).toBe(1)
})

test.each([
  ['more than 1 MB', Buffer.concat([encodePng(paint(BLUE)), Buffer.alloc(1024 * 1024)]), 40006],
  ['an image over 750 × 1334 pixels', encodePng(paint(BLUE, 751, 10)), 40006],
  ['no image', Buffer.from('<svg/>'), 40004],
  ['a damaged image', encodePng(paint(BLUE)).subarray(0, 40), 40004],
])('%s gets no verdict', async (_case, bytes, errcode) => {
  expect(await checkImage(bytes)).toMatchObject({ errcode })
  expect(world.simulator.accepted(IMAGE)).toBe(0)
})

test('the image must be the part named media', async () => {
  expect(await checkImage(encodePng(paint(BLUE)), 'file')).toMatchObject({ errcode: 41005 })
  expect(await world.call(IMAGE, {})).toMatchObject({ errcode: 41005 })
})

test('an asynchronous check becomes a job with a trace id', async () => {
  const { openid } = world.simulator.phone('alice')
  const job = { media_url: 'https://files.example/a.png', media_type: 2, version: 2, scene: 3, openid }

  const answer = await world.call(ASYNC, job)

  expect(world.simulator.mediaJobs).toEqual([
    {
      traceId: answer.trace_id,
      openid,
      mediaUrl: job.media_url,
      mediaType: 2,
      scene: 3,
      atMs: world.clock.ms,
    },
  ])
  expect(await world.call(ASYNC, { ...job, media_type: 3 })).toMatchObject({ errcode: 40004 })
  expect(world.simulator.mediaJobs).toHaveLength(1)
})
