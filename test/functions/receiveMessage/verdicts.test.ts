import { describe, expect, test } from 'vitest'
import checkContent from '../../../functions/checkContent/index.ts'
import getContentResult from '../../../functions/getContentResult/index.ts'
import { createPushWorld, type PushWorld } from '../../support/pushWorld.ts'
import { APP_ID, codeOf, dataOf } from '../../support/world.ts'

const MEDIA = { type: 'image', scene: 3, mediaUrl: 'https://cdn.weapp.example.com/photo.jpg' } as const

/** Alice has just opened the mini program, and has an image checked. */
async function submit(world: PushWorld, input: object = {}): Promise<string> {
  world.simulator.phone('alice').login()
  const { suggest, traceId = '' } = dataOf(
    await world.call(checkContent, { ...MEDIA, ...input }, world.wechatUser('alice')),
  )
  expect([suggest, traceId !== '']).toEqual(['pending', true])
  return traceId
}

const ask = (world: PushWorld, traceId: string, name = 'alice') =>
  world.call(getContentResult, { traceId }, world.wechatUser(name))

describe.each(['json', 'xml'] as const)('a verdict that is pushed as %s', (format) => {
  test.each([
    ['pass', 100, '正常'],
    ['risky', 20002, '色情'],
    ['review', 20001, '时政'],
  ] as const)('of %s is what its job is answered', async (suggest, label, labelName) => {
    const world = await createPushWorld({ push: { format } })
    const traceId = await submit(world)
    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest: 'pending', traceId })

    world.simulator.judgeMedia(traceId, { suggest, label })
    await world.simulator.pushesDone()

    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest, label, labelName, traceId })
    expect(world.simulator.pushes).toMatchObject([
      { outcome: 'acknowledged', attempts: [{ body: 'success' }] },
    ])
  })

  test('in the older shape is read as well, a failed download being none', async () => {
    const world = await createPushWorld({ push: { format } })
    const [passed, failed] = [
      await submit(world),
      await submit(world, { mediaUrl: 'https://cdn.weapp.example.com/missing.jpg' }),
    ]

    world.simulator.judgeMedia(passed, { shape: 'v1' })
    world.simulator.judgeMedia(failed, { shape: 'v1' })
    await world.simulator.pushesDone()

    expect(dataOf(await ask(world, passed))).toMatchObject({ suggest: 'pass' })
    expect(dataOf(await ask(world, failed))).toMatchObject({ suggest: 'review' })
  })
})

describe('a verdict', () => {
  test('takes one write, and is acknowledged when that is done', async () => {
    const world = await createPushWorld()
    const traceId = await submit(world)
    const before = world.store.operations.length

    world.simulator.judgeMedia(traceId)
    await world.simulator.pushesDone()

    expect(world.store.operations.slice(before)).toEqual(['putIfAbsent'])
  })

  test('that comes before the job is written down finds it later', async () => {
    const world = await createPushWorld()
    const { simulator } = world
    simulator.faults.add({ path: '/wxa/media_check_async', latencyMs: 100 })
    simulator.phone('alice').login()
    const submitting = world.call(checkContent, MEDIA, world.wechatUser('alice'))
    while (simulator.mediaJobs.length === 0) await new Promise(setImmediate)
    const { traceId = '' } = simulator.mediaJobs[0] ?? {}
    simulator.judgeMedia(traceId, { suggest: 'risky', label: 20002 })
    await simulator.pushesDone()
    expect(codeOf(await ask(world, traceId))).toBe('NOT_FOUND')

    await submitting

    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest: 'risky' })
  })

  test('that comes again, or another after it, changes nothing', async () => {
    const world = await createPushWorld()
    const traceId = await submit(world)
    world.simulator.judgeMedia(traceId, { suggest: 'risky', label: 20002 })
    await world.simulator.pushesDone()

    for (let times = 0; times < 3; times++) world.simulator.judgeMedia(traceId)
    await world.simulator.pushesDone()

    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest: 'risky' })
    expect(world.simulator.pushes.map(({ outcome }) => outcome)).toEqual(Array(4).fill('acknowledged'))
  })

  test('for a job that nobody asked for is acknowledged, and found by nobody', async () => {
    const world = await createPushWorld()
    const event = { FromUserName: 'o1', MsgType: 'event', Event: 'wxa_media_check', version: 2 }
    world.simulator.push({ ...event, trace_id: 'unknown-1', result: { suggest: 'pass', label: 100 } })
    await world.simulator.pushesDone()

    expect(world.simulator.pushes).toMatchObject([{ outcome: 'acknowledged' }])
    expect(codeOf(await ask(world, 'unknown-1'))).toBe('NOT_FOUND')
  })

  test('of another mini program is acknowledged and kept, and decides nothing', async () => {
    const world = await createPushWorld()
    const traceId = await submit(world)
    const event = {
      FromUserName: 'o1',
      MsgType: 'event',
      Event: 'wxa_media_check',
      appid: 'wx0000000000000000',
    }
    world.simulator.push({ ...event, trace_id: traceId, result: { suggest: 'pass', label: 100 } })
    await world.simulator.pushesDone()

    expect(world.simulator.pushes).toMatchObject([{ outcome: 'acknowledged' }])
    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest: 'pending' })
    expect(world.store.dump()).not.toContain('mediaVerdict')
  })

  test('without a sender and a receiver is one all the same', async () => {
    const world = await createPushWorld()
    const traceId = await submit(world)
    const event = { ToUserName: '', MsgType: 'event', Event: 'wxa_media_check', version: 2 }
    world.simulator.push({ ...event, trace_id: traceId, result: { suggest: 'pass', label: '100' } })
    await world.simulator.pushesDone()

    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest: 'pass', label: 100 })
  })

  test('is not acknowledged while it cannot be written down, and WeChat’s repeat brings it', async () => {
    const world = await createPushWorld({ simulator: { pushTimeoutMs: 1000 } })
    const traceId = await submit(world)
    world.store.isDown = true
    world.simulator.judgeMedia(traceId)
    await world.simulator.pushesDone()
    expect(world.simulator.pushes).toMatchObject([
      { outcome: 'given up', attempts: [{ status: 503, body: '' }, { status: 503 }, { status: 503 }] },
    ])

    world.store.isDown = false
    world.simulator.judgeMedia(traceId)
    await world.simulator.pushesDone()

    expect(dataOf(await ask(world, traceId))).toMatchObject({ suggest: 'pass' })
  })
})

describe('a project’s own handler of verdicts', () => {
  const EVENT = { FromUserName: 'o1', MsgType: 'event', Event: 'wxa_media_check', version: 2, appid: APP_ID }
  const createHearing = async () => {
    const heard: string[] = []
    const world = await createPushWorld({
      handlers: {
        wxa_media_check: async ({ traceId, verdict }) => {
          heard.push(`${traceId} ${verdict.suggest}`)
          return undefined
        },
      },
    })
    const push = async (fields: object) => {
      world.simulator.push({ ...EVENT, ...fields })
      await world.simulator.pushesDone()
    }
    return { heard, push, world }
  }

  test('hears the verdict that stands and no other', async () => {
    const { heard, push, world } = await createHearing()
    await push({ trace_id: 't1', result: { suggest: 'risky', label: 20002 } })
    await push({ trace_id: 't1', result: { suggest: 'pass', label: 100 } })
    await push({ trace_id: 't1', result: { suggest: 'risky', label: '20002' } })

    expect(heard).toEqual(['t1 risky'])
    expect(world.simulator.pushes.map(({ outcome }) => outcome)).toEqual(Array(3).fill('acknowledged'))
  })

  test.each(['wx0000000000000000', 5, ['wx1'], {}])('hears nothing of the mini program %j', async (appid) => {
    const { heard, push, world } = await createHearing()
    await push({ trace_id: 't1', appid, result: { suggest: 'pass', label: 100 } })

    expect(heard).toEqual([])
    expect(world.store.dump()).not.toContain('mediaVerdict')
  })
})
