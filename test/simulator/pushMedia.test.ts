import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMediaReview } from '../../scripts/simulator/mediaReview.ts'
import { createPushes } from '../../scripts/simulator/push/pushes.ts'
import { type PushReceiver, startPushReceiver } from './pushReceiver.ts'
import { APP_ID, type SimulatorOptions, startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
let receiver: PushReceiver
async function start(options: Partial<SimulatorOptions> = {}) {
  world = await startTestSimulator({ push: { ...receiver.target, mode: 'plain' }, ...options })
  world.simulator.phone('alice').login()
}
beforeEach(async () => {
  receiver = await startPushReceiver()
})
afterEach(async () => {
  await world?.simulator.close()
  await receiver.close()
})

/** Submits a media check and returns its trace id. */
async function submit(file = 'a.png'): Promise<string> {
  const { trace_id } = await world.call('/wxa/media_check_async', {
    media_url: `https://files.example/${file}`,
    media_type: 2,
    version: 2,
    scene: 3,
    openid: world.simulator.phone('alice').openid,
  })
  return String(trace_id)
}

type Judgement = Parameters<TestSimulator['simulator']['judgeMedia']>[1]
async function judged(traceId: string, judgement?: Judgement): Promise<string> {
  receiver.received.length = 0
  world.simulator.judgeMedia(traceId, judgement)
  await world.simulator.pushesDone()
  return receiver.received[0]?.body ?? ''
}

const envelope = (traceId: string) => ({
  ToUserName: expect.stringMatching(/^gh_/),
  FromUserName: world.simulator.phone('alice').openid,
  CreateTime: world.clock.ms / 1000,
  MsgType: 'event',
  Event: 'wxa_media_check',
  appid: APP_ID,
  trace_id: traceId,
})

test.each([
  ['a.png', 'pass', 100],
  ['review.png', 'review', 20001],
  ['risky.png', 'risky', 20002],
])('the media %s is judged %s', async (file, suggest, label) => {
  await start()
  const traceId = await submit(file)

  expect(JSON.parse(await judged(traceId))).toEqual({
    ...envelope(traceId),
    version: 2,
    errcode: 0,
    errmsg: 'ok',
    detail: [{ strategy: 'content_model', errcode: 0, suggest, label, prob: 90 }],
    result: { suggest, label },
  })
})

test('media that cannot be downloaded get an errcode and no verdict', async () => {
  await start()
  const traceId = await submit('missing.png')

  expect(JSON.parse(await judged(traceId))).toEqual({
    ...envelope(traceId),
    version: 2,
    errcode: -1008,
    errmsg: 'media download failed',
    detail: [],
  })
})

test.each([
  ['a.png', 0, 0],
  ['review.png', 1, 0],
  ['risky.png', 1, 0],
  ['missing.png', 0, 4294966288],
])(
  'in the shape of version 1 the media %s has isrisky %i and status_code %i',
  async (file, isrisky, status) => {
    await start()
    const traceId = await submit(file)

    expect(JSON.parse(await judged(traceId, { shape: 'v1' }))).toEqual({
      ...envelope(traceId),
      isrisky,
      extra_info_json: '',
      status_code: status,
      detail: [],
    })
  },
)

test('a verdict can be told, and its label written as text', async () => {
  await start()
  const traceId = await submit('a.png')

  expect(JSON.parse(await judged(traceId, { labelAs: 'string' })).result).toEqual({
    suggest: 'pass',
    label: '100',
  })
  expect(JSON.parse(await judged(traceId, { suggest: 'risky' })).result).toEqual({
    suggest: 'risky',
    label: 20002,
  })
  expect(JSON.parse(await judged(traceId, { suggest: 'risky', label: '21000' })).result).toEqual({
    suggest: 'risky',
    label: '21000',
  })
  expect(JSON.parse(await judged(traceId, { errcode: -1008 }))).not.toHaveProperty('result')
})

test('in XML the detail stands beside the result', async () => {
  await start({ push: { ...receiver.target, mode: 'plain', format: 'xml' } })
  const body = await judged(await submit('a.png'))

  const verdict = '<suggest><![CDATA[pass]]></suggest><label>100</label>'
  expect(body).toContain(
    `<version>2</version><errcode>0</errcode><errmsg><![CDATA[ok]]></errmsg><detail><strategy><![CDATA[content_model]]></strategy><errcode>0</errcode>${verdict}<prob>90</prob></detail><result>${verdict}</result></xml>`,
  )
})

test('a trace id that nobody was given cannot be judged', async () => {
  await start()

  expect(() => world.simulator.judgeMedia('none')).toThrow('trace id none')
})

test('by itself the review never judges, unless it is told after how long', async () => {
  await start()
  await submit()
  await world.simulator.pushesDone()
  expect(world.simulator.pushes).toEqual([])
  await world.simulator.close()

  await start({ judgeMediaAfterMs: 1 })
  const traceId = await submit('risky.png')
  await expect.poll(() => world.simulator.pushes).toHaveLength(1)
  expect(world.simulator.pushes[0]?.message).toMatchObject({
    trace_id: traceId,
    result: { suggest: 'risky' },
  })
})

test('after closing the review judges no more', async () => {
  vi.useFakeTimers()
  const pushes = createPushes({
    appId: APP_ID,
    nowMs: Date.now,
    timeoutMs: 5000,
    target: { deliver: async () => 'success' },
  })
  const review = createMediaReview({ appId: APP_ID, pushes, judgeAfterMs: 1000 })
  const job = { openid: 'o-alice', mediaUrl: 'https://files.example/a.png', mediaType: 2, scene: 3, atMs: 0 }

  review.take({ ...job, traceId: 'first' })
  vi.advanceTimersByTime(1000)
  review.take({ ...job, traceId: 'second' })
  review.close()
  vi.advanceTimersByTime(1000)
  vi.useRealTimers()

  expect(pushes.records).toMatchObject([{ message: { trace_id: 'first' } }])
  await pushes.close()
})
