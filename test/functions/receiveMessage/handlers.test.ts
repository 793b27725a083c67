import { describe, expect, test, vi } from 'vitest'
import { uses } from '../../../functions/receiveMessage/handlers.ts'
import type { MessageHandlers } from '../../../functions/receiveMessage/messageHandlers.ts'
import { receiveMessageWith } from '../../../functions/receiveMessage/receive.ts'
import { sha256Base64Url } from '../../../shared/core/digest.ts'
import { toCloudBase } from '../../../shared/platform/cloudbase/adapter.ts'
import { withEnvironment } from '../../support/cloudBaseContext.ts'
import { createPushWorld } from '../../support/pushWorld.ts'
import { APP_ID, createWorld } from '../../support/world.ts'

type Handlers = MessageHandlers<typeof uses>

/** What handlers were given, one after the other. */
function recorder() {
  const seen: object[] = []
  const note = async (message: object) => void seen.push(message)
  const kinds = ['text', 'image', 'miniprogrampage', 'user_enter_tempsession', 'other'] as const
  return { seen, handlers: Object.fromEntries(kinds.map((kind) => [kind, note])) as Handlers }
}

describe.each(['json', 'xml'] as const)('a handler, over %s, gets', (format) => {
  test('a text, an image, a card and the entry of a session as what they are', async () => {
    const { seen, handlers } = recorder()
    const { simulator } = await createPushWorld({ handlers, push: { format } })
    const phone = simulator.phone('alice')

    const { msgId } = phone.sendText('你好 <&> ]]>')
    await simulator.pushesDone()
    phone.sendImage()
    await simulator.pushesDone()
    phone.sendMiniProgramPage({ title: '商品', pagePath: 'pages/index/index' })
    await simulator.pushesDone()
    phone.enterSession('order-1')
    await simulator.pushesDone()

    const { openid } = phone
    expect(seen).toMatchObject([
      { kind: 'text', openid, content: '你好 <&> ]]>', msgId },
      { kind: 'image', openid, picUrl: expect.stringMatching(/^http/), mediaId: expect.any(String) },
      { kind: 'miniprogrampage', openid, title: '商品', pagePath: 'pages/index/index' },
      { kind: 'user_enter_tempsession', openid, sessionFrom: 'order-1' },
    ])
    expect(Number.isSafeInteger(Number(msgId))).toBe(false)
    expect(simulator.pushes.map(({ outcome }) => outcome)).toEqual(Array(4).fill('acknowledged'))
  })

  test('an event that has no kind of its own, with all its fields', async () => {
    const { seen, handlers } = recorder()
    const { simulator } = await createPushWorld({ handlers, push: { format } })

    simulator.push({ FromUserName: 'o1', MsgType: 'event', Event: 'qr_scan_scene', Scene: 'x' })
    await simulator.pushesDone()

    expect(seen).toMatchObject([{ kind: 'other', event: 'qr_scan_scene', fields: { Scene: 'x' } }])
  })

  test('to answer in the response itself', async () => {
    const { simulator } = await createPushWorld({
      handlers: {
        text: async ({ content }, { passiveReply }) =>
          passiveReply({ MsgType: 'text', Content: `${content}? ]]>` }),
      },
      push: { format },
    })
    const phone = simulator.phone('alice')

    phone.sendText('hello')
    await simulator.pushesDone()

    expect(simulator.pushes).toMatchObject([
      {
        outcome: 'acknowledged',
        reply: { ToUserName: phone.openid, MsgType: 'text', Content: 'hello? ]]>' },
      },
    ])
  })

  test('to hand over to customer service', async () => {
    const { simulator } = await createPushWorld({
      handlers: { text: async (_, { transferToCustomerService }) => transferToCustomerService() },
      push: { format },
    })

    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()

    expect(simulator.pushes).toMatchObject([{ reply: { MsgType: 'transfer_customer_service' } }])
  })
})

describe('a handler', () => {
  test('is typed by the kind of its message', () => {
    const handlers: Handlers = {
      text: async ({ content }, { passiveReply }) => passiveReply({ MsgType: 'text', Content: content }),
      wxa_media_check: async ({ traceId, verdict }, { warn }) => {
        if (verdict.suggest === 'risky') warn('a risky image', { traceId })
        return undefined
      },
      subscribe_msg_sent_event: async ({ news }, { warn }) => {
        for (const { templateId } of news) warn('a delivery', { templateId })
        return undefined
      },
    }

    expect(Object.keys(handlers)).toHaveLength(3)
  })

  test('answers the user through WeChat, once', async () => {
    const { simulator } = await createPushWorld({
      handlers: {
        text: async ({ openid, content }, { once, wechat }) => {
          await once('echo', () => wechat.sendCustomerMessage({ touser: openid, type: 'text', content }))
          return undefined
        },
      },
    })

    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()

    expect(simulator.customerMessages).toMatchObject([{ touser: simulator.phone('alice').openid }])
  })

  test('that fails after what it did is run again by WeChat’s repeat, and does that only once', async () => {
    let tries = 0
    const { simulator, logLines } = await createPushWorld({
      handlers: {
        text: async ({ openid, content }, { once, wechat }) => {
          await once('echo', () => wechat.sendCustomerMessage({ touser: openid, type: 'text', content }))
          tries++
          if (tries < 3) throw new Error('a secret of the message')
          return undefined
        },
      },
    })

    simulator.phone('alice').sendText('hello')
    await simulator.pushesDone()

    expect(tries).toBe(3)
    expect(simulator.customerMessages).toHaveLength(1)
    expect(simulator.pushes).toMatchObject([
      { outcome: 'acknowledged', attempts: [{ status: 500, body: '' }, { status: 500 }, { status: 200 }] },
    ])
    expect(logLines.join('\n')).not.toContain('a secret of the message')
  })

  test('that fails three times is set aside, acknowledged and told in the log; the next message goes on', async () => {
    const handled = vi.fn()
    const { simulator, logLines } = await createPushWorld({
      handlers: {
        text: async ({ content }) => {
          if (content === 'poison') throw new Error('boom')
          handled(content)
          return undefined
        },
      },
    })

    simulator.phone('alice').sendText('poison')
    await simulator.pushesDone()
    simulator.phone('alice').sendText('water')
    await simulator.pushesDone()

    expect(simulator.pushes).toMatchObject([
      {
        outcome: 'acknowledged',
        attempts: [{ status: 500 }, { status: 500 }, { status: 200, body: 'success' }],
      },
      { outcome: 'acknowledged', attempts: [{ status: 200 }] },
    ])
    expect(handled.mock.calls).toEqual([['water']])
    const warnings = logLines.flatMap((line) => JSON.parse(line).warnings ?? [])
    expect(warnings).toMatchObject([{ message: 'a message was set aside: its handler failed', tries: 3 }])
  })

  test('is run once for a message that comes many times, and all hear the same reply', async () => {
    let runs = 0
    const { simulator } = await createPushWorld({
      handlers: {
        text: async (_, { passiveReply }) => passiveReply({ MsgType: 'text', Content: `run ${++runs}` }),
      },
    })
    simulator.holdPushes()
    simulator.phone('alice').sendText('hello')

    await simulator.releasePushes({ duplicates: 4 })

    expect(runs).toBe(1)
    expect(simulator.pushes.map(({ reply }) => reply)).toEqual(
      Array(5).fill(expect.objectContaining({ Content: 'run 1' })),
    )
  })

  test('of a verdict runs beside what is done about it anyway', async () => {
    const verdicts: object[] = []
    const { simulator, store } = await createPushWorld({
      handlers: {
        wxa_media_check: async ({ verdict }) => {
          verdicts.push(verdict)
          return undefined
        },
      },
    })
    const event = { FromUserName: 'o1', MsgType: 'event', Event: 'wxa_media_check', version: 2 }
    simulator.push({ ...event, trace_id: 't1', result: { suggest: 'risky', label: 20002 } })
    await simulator.pushesDone()

    expect(verdicts).toEqual([{ suggest: 'risky', label: 20002, labelName: '色情' }])
    expect(store.dump()).toContain(`:mediaVerdict:${sha256Base64Url('t1')} `)
  })

  test('that fails does not undo what is done anyway', async () => {
    const { simulator, store } = await createPushWorld({
      handlers: {
        wxa_media_check: async () => {
          throw new Error('boom')
        },
      },
    })
    const event = { FromUserName: 'o1', MsgType: 'event', Event: 'wxa_media_check', version: 2 }
    simulator.push({ ...event, trace_id: 't1', result: { suggest: 'risky' } })
    await simulator.pushesDone()

    expect(store.dump()).toContain(`:mediaVerdict:${sha256Base64Url('t1')} `)
    expect(simulator.pushes).toMatchObject([{ outcome: 'acknowledged' }])
  })
})

describe('a message without a handler', () => {
  test.each([
    [
      'a text',
      (simulator: Awaited<ReturnType<typeof createPushWorld>>['simulator']) =>
        simulator.phone('a').sendText('x'),
      0,
    ],
    [
      'an unknown event',
      (simulator: Awaited<ReturnType<typeof createPushWorld>>['simulator']) =>
        simulator.push({ FromUserName: 'o1', MsgType: 'event', Event: 'new_in_2027' }),
      1,
    ],
    [
      'no message at all',
      (simulator: Awaited<ReturnType<typeof createPushWorld>>['simulator']) =>
        simulator.push({ nothing: 'known' }),
      1,
    ],
  ])('%s is acknowledged and kept with one write', async (_, act, warned) => {
    const { simulator, store, logLines } = await createPushWorld()
    act(simulator)
    await simulator.pushesDone()

    expect(simulator.pushes).toMatchObject([{ outcome: 'acknowledged', attempts: [{ body: 'success' }] }])
    expect(store.operations).toEqual(['putIfAbsent'])
    const [, id = ''] = /:push:(\S+)/.exec(store.dump()) ?? []
    expect(logLines.map((line) => JSON.parse(line).about)).toMatchObject([{ push: id }])
    expect(logLines.flatMap((line) => JSON.parse(line).warnings ?? [])).toHaveLength(warned)
  })
})

describe('on CloudBase, which passes on the bare message', () => {
  const deliver = async (...messages: object[]) => {
    const seen: object[] = []
    const world = await createWorld()
    const fn = receiveMessageWith(
      {
        text: async (message) => {
          seen.push(message)
          return undefined
        },
      },
      uses,
    )
    const main = toCloudBase(fn, () => world.runtime)
    const answers = []
    for (const message of messages) answers.push(await main(message, withEnvironment({ WX_OPENID: 'o1' })))
    return { seen, answers, world }
  }
  const TEXT = {
    ToUserName: APP_ID,
    FromUserName: 'o1',
    CreateTime: 1_768_464_000,
    MsgType: 'text',
    Content: 'hi',
  }

  test('a handler hears it, once, and the answer is the bare word', async () => {
    const message = { ...TEXT, MsgId: '6972028683187026694' }
    const { seen, answers } = await deliver(message, message)

    expect(seen).toMatchObject([{ kind: 'text', openid: 'o1', content: 'hi', msgId: '6972028683187026694' }])
    expect(answers).toEqual(['success', 'success'])
  })

  test('messages whose ids were rounded to the same number are told apart by what they say', async () => {
    const MsgId = 2 ** 60
    const { seen } = await deliver({ ...TEXT, MsgId }, { ...TEXT, MsgId, Content: 'there' })

    expect(seen).toMatchObject([{ content: 'hi' }, { content: 'there' }])
    expect(seen[0]).not.toHaveProperty('msgId')
  })

  test.each([undefined, null, 'text', 7, [], {}, { MsgType: 'text' }])(
    '%j is kept, and acknowledged',
    async (event) => {
      const { seen, answers, world } = await deliver(event as object)

      expect([seen, answers]).toEqual([[], ['success']])
      expect(world.store.operations).toEqual(['putIfAbsent'])
    },
  )
})
