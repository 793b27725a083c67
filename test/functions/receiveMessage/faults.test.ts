import { setTimeout as realSleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import getContentResult from '../../../functions/getContentResult/index.ts'
import recordSubscription from '../../../functions/recordSubscription/index.ts'
import { Problem } from '../../../shared/core/problem.ts'
import { createMemoryStore } from '../../../shared/platform/memoryStore.ts'
import type { StateStore } from '../../../shared/ports/stateStore.ts'
import { createPushWorld, type PushWorld } from '../../support/pushWorld.ts'
import { createRunningClock } from '../../support/runningClock.ts'
import { createTestClock } from '../../support/testClock.ts'
import { codeOf, dataOf, TEMPLATE_ID } from '../../support/world.ts'

const never = () => new Promise<never>(() => undefined)

/** Time in which a second of waiting takes ten milliseconds, and a list of what was waited for to the end. */
function createQuickClock() {
  const waitedMs: number[] = []
  const sleep = (durationMs: number, signal?: AbortSignal) =>
    realSleep(durationMs / 100, undefined, signal && { signal })
      .then(() => void waitedMs.push(durationMs))
      .catch(() => undefined)
  return { ...createTestClock(), sleep, waitedMs }
}

/** A store of which one kind of record is written in this way alone. */
function createStoreWith(
  kind: string,
  write: (version: number, put: () => Promise<boolean>) => Promise<boolean>,
) {
  const store = createMemoryStore(createTestClock())
  let writes = 0
  const around = (key: string, put: () => Promise<boolean>) =>
    key.split(':')[1] === kind ? write(++writes, put) : put()
  return {
    ...store,
    putIfAbsent: (key, record) => around(key, () => store.putIfAbsent(key, record)),
    compareAndSet: (key, version, record) => around(key, () => store.compareAndSet(key, version, record)),
  } satisfies StateStore
}

const VERDICT = { FromUserName: 'o1', MsgType: 'event', Event: 'wxa_media_check', version: 2 }
const verdictOn = (trace_id: string) => ({ ...VERDICT, trace_id, result: { suggest: 'risky', label: 20002 } })

describe('a push is not acknowledged', () => {
  test('while what is done anyway cannot be written, though its handler is content; which runs once', async () => {
    let runs = 0
    const memoryStore = createStoreWith('mediaVerdict', async (write, put) => {
      if (write === 1) throw new Problem('STATE_UNAVAILABLE')
      return put()
    })
    const { simulator } = await createPushWorld({
      effects: { memoryStore },
      handlers: {
        wxa_media_check: async () => {
          runs++
          return undefined
        },
      },
    })
    simulator.push(verdictOn('t1'))
    await simulator.pushesDone()

    expect(simulator.pushes).toMatchObject([
      {
        outcome: 'acknowledged',
        attempts: [
          { status: 503, body: '' },
          { status: 200, body: 'success' },
        ],
      },
    ])
    expect(runs).toBe(1)
  })

  test('while its handler does not come to an end, and is set aside after three times 4.4 seconds', async () => {
    const patience: number[] = []
    const { simulator, clock } = await createPushWorld({
      effects: { clock: createQuickClock() },
      handlers: {
        text: (_, { deadlineAtMs }) => {
          patience.push(deadlineAtMs - clock.nowMs())
          return never()
        },
      },
    })
    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()

    expect(patience).toEqual([4400, 4400, 4400])
    expect(simulator.pushes).toMatchObject([
      { outcome: 'acknowledged', attempts: [{ status: 500 }, { status: 500 }, { status: 200 }] },
    ])
  })
})

test('a reply does not wait longer than a second for a store to note it', async () => {
  const clock = createQuickClock()
  const memoryStore = createStoreWith('push', (write, put) => (write === 1 ? put() : never()))
  const { simulator } = await createPushWorld({
    effects: { clock, memoryStore },
    handlers: { text: async (_, { passiveReply }) => passiveReply({ MsgType: 'text', Content: 'hi' }) },
  })
  simulator.phone('alice').sendText('hello')
  await simulator.pushesDone()

  expect(simulator.pushes).toMatchObject([{ outcome: 'acknowledged', reply: { Content: 'hi' } }])
  expect(clock.waitedMs).toEqual([900])
})

test('what a handler does once, and nobody knows the end of, is not done again by any of its tries', async () => {
  const { simulator } = await createPushWorld({
    handlers: {
      text: async ({ openid }, { once, wechat }) => {
        await once('echo', () => wechat.sendCustomerMessage({ touser: openid, type: 'text', content: 'hi' }))
        return undefined
      },
    },
  })
  simulator.faults.add({ path: '/cgi-bin/message/custom/send', reset: 'afterTaken' })
  simulator.phone('alice').sendText('hello')
  await simulator.pushesDone()

  expect(simulator.customerMessages).toHaveLength(1)
  expect(simulator.requests('/cgi-bin/message/custom/send')).toHaveLength(1)
  expect(simulator.pushes).toMatchObject([{ outcome: 'acknowledged', attempts: { length: 3 } }])
})

describe('news of a time that cannot be', () => {
  const YEARS_AGO = 1_620_973_045
  const tap = async (world: PushWorld, CreateTime: number) => {
    const { openid } = world.simulator.phone('alice')
    const List = { TemplateId: TEMPLATE_ID, SubscribeStatusString: 'accept', PopupScene: '0' }
    const Event = 'subscribe_msg_popup_event'
    world.simulator.push({ FromUserName: openid, CreateTime, MsgType: 'event', Event, List })
    await world.simulator.pushesDone()
  }
  const tell = async (world: PushWorld, status: string) => {
    const input = { results: { [TEMPLATE_ID]: status } }
    return dataOf(await world.call(recordSubscription, input, world.wechatUser('alice'))).remaining
  }

  test.each([YEARS_AGO, 4_102_444_800])('(%i) are of the moment at which they are heard', async (seconds) => {
    const world = await createPushWorld()
    expect(await tell(world, 'accept')).toEqual({ [TEMPLATE_ID]: 1 })

    await tap(world, seconds)

    // The same tap that the front end has just told.
    expect(await tell(world, 'reject')).toEqual({ [TEMPLATE_ID]: 1 })
  })
})

test('a push for which the store is down leaves nothing behind that a reader could take for a verdict', async () => {
  const world = await createPushWorld()
  world.store.isDown = true
  world.simulator.push(verdictOn('t1'))
  await world.simulator.pushesDone()
  world.store.isDown = false

  expect(world.simulator.pushes).toMatchObject([{ outcome: 'given up' }])
  expect(codeOf(await world.call(getContentResult, { traceId: 't1' }, world.wechatUser('alice')))).toBe(
    'NOT_FOUND',
  )
})

describe('a reply that cannot be written', () => {
  test.each([
    ['xml', { 'no name for XML': 'x' }],
    ['json', { Content: 1n }],
  ] as const)('in %s is a failed try, and the message is set aside after three', async (format, fields) => {
    const { simulator, logLines } = await createPushWorld({
      handlers: { text: async (_, { passiveReply }) => passiveReply(fields) },
      push: { format },
    })
    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()

    expect(simulator.pushes).toMatchObject([
      {
        outcome: 'acknowledged',
        attempts: [{ status: 500 }, { status: 500 }, { status: 200, body: 'success' }],
      },
    ])
    expect(logLines.map((line) => JSON.parse(line).code)).toEqual(['INTERNAL', 'INTERNAL', 'OK'])
  })
})

test('a handler that took its time waits for the store to note it, so that nothing runs it again', async () => {
  const clock = createRunningClock()
  const written: number[] = []
  const memoryStore = createStoreWith('push', async (write, put) => {
    if (write > 1) await realSleep(50)
    written.push(write)
    return put()
  })
  const { simulator } = await createPushWorld({
    effects: { clock, memoryStore },
    handlers: {
      text: async () => {
        clock.advance(1500)
        return undefined
      },
    },
  })
  simulator.phone('alice').sendText('hello')
  await simulator.pushesDone()

  expect(written).toEqual([1, 2])
})

test('what a handler does once and fails at, whatever with, is not done again', async () => {
  let times = 0
  const { simulator } = await createPushWorld({
    handlers: {
      text: async (_, { once }) => {
        await once('count', async () => {
          times++
          throw new TypeError('of its own')
        })
        return undefined
      },
    },
  })
  simulator.phone('alice').sendText('hello')
  await simulator.pushesDone()

  expect(times).toBe(1)
  expect(simulator.pushes).toMatchObject([{ outcome: 'acknowledged', attempts: { length: 3 } }])
})

test('a tap that WeChat tells in another spelling is the same tap', async () => {
  const world = await createPushWorld()
  const { openid } = world.simulator.phone('alice')
  const item = { TemplateId: TEMPLATE_ID, SubscribeStatusString: 'accept', PopupScene: '0' }
  const event = { FromUserName: openid, MsgType: 'event', Event: 'subscribe_msg_popup_event' }
  const CreateTime = Math.floor(world.clock.nowMs() / 1000)
  for (const more of [
    { CreateTime: String(CreateTime), List: [item] },
    { CreateTime, List: item },
    { CreateTime, List: [{ ...item, PopupScene: 0 }], ToUserName: 'wx0123456789abcdef' },
    { CreateTime, SubscribeMsgPopupEvent: { List: [item, item] } },
  ]) {
    world.simulator.push({ ...event, ...more })
    await world.simulator.pushesDone()
  }

  const told = await world.call(
    recordSubscription,
    { results: { [TEMPLATE_ID]: 'filter' } },
    world.wechatUser('alice'),
  )
  expect(dataOf(told).remaining).toEqual({ [TEMPLATE_ID]: 1 })
})
