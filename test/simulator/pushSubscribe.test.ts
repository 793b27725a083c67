import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_TEMPLATES } from '../../scripts/simulator/templates.ts'
import { type PushReceiver, startPushReceiver } from './pushReceiver.ts'
import { type SimulatorOptions, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const PATH = '/cgi-bin/message/subscribe/send'
const [SHIPPED = '', BOOKED = '', CALLED = ''] = DEFAULT_TEMPLATES.map(({ id }) => id)
const SHIPPED_DATA = {
  character_string1: { value: 'NO-2026-1' },
  thing2: { value: '一箱苹果' },
  date3: { value: '2026年11月20日 15:01' },
  amount4: { value: '￥100.5元' },
}

let world: TestSimulator
let receiver: PushReceiver
async function start(options: Partial<SimulatorOptions> = {}) {
  await world?.simulator.close()
  world = await startTestSimulator({ push: { ...receiver.target, mode: 'plain' }, ...options })
}
beforeEach(async () => {
  receiver = await startPushReceiver()
  await start()
})
afterEach(async () => {
  await world.simulator.close()
  await receiver.close()
})

const alice = () => world.simulator.phone('alice')
const send = (name = 'alice') =>
  world.call(PATH, {
    touser: world.simulator.phone(name).openid,
    template_id: SHIPPED,
    data: SHIPPED_DATA,
  })
const left = () => world.simulator.grantsLeft(alice().openid, SHIPPED)

/** The body of the one push that `act` leads to. */
async function receive(act: () => unknown): Promise<string> {
  await world.simulator.pushesDone()
  receiver.received.length = 0
  await act()
  await world.simulator.pushesDone()
  expect(receiver.received).toHaveLength(1)
  return receiver.received[0]?.body ?? ''
}

const envelope = (Event: string) => ({
  ToUserName: expect.stringMatching(/^gh_/),
  FromUserName: alice().openid,
  CreateTime: String(world.clock.ms / 1000),
  MsgType: 'event',
  Event,
})

describe('the popup', () => {
  test('is told of with its one template, and every value as text', async () => {
    const body = await receive(() => alice().acceptSubscribe(SHIPPED))

    expect(JSON.parse(body)).toEqual({
      ...envelope('subscribe_msg_popup_event'),
      List: { TemplateId: SHIPPED, SubscribeStatusString: 'accept', PopupScene: '0' },
    })
  })

  test('is told of once for all templates of a tap', async () => {
    const body = await receive(() => alice().rejectSubscribe(SHIPPED, BOOKED))

    expect(JSON.parse(body).List).toEqual([
      { TemplateId: SHIPPED, SubscribeStatusString: 'reject', PopupScene: '0' },
      { TemplateId: BOOKED, SubscribeStatusString: 'reject', PopupScene: '0' },
    ])
  })

  test('is told of in XML as a container with a List for each template', async () => {
    world.simulator.pushTo({ ...receiver.target, mode: 'plain', format: 'xml' })
    const body = await receive(() => alice().acceptSubscribe(SHIPPED, BOOKED))

    expect(body).toMatch(
      new RegExp(`<CreateTime>${world.clock.ms / 1000}</CreateTime><MsgType><!\\[CDATA\\[event\\]\\]>`),
    )
    const list = (id: string) =>
      `<List><TemplateId><![CDATA[${id}]]></TemplateId><SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>0</PopupScene></List>`
    expect(body).toContain(
      `<Event><![CDATA[subscribe_msg_popup_event]]></Event><SubscribeMsgPopupEvent>${list(SHIPPED)}${list(BOOKED)}</SubscribeMsgPopupEvent></xml>`,
    )
  })

  test('that cannot be shown tells nothing', async () => {
    expect(() => alice().acceptSubscribe(SHIPPED, CALLED)).toThrow('together')
    expect(world.simulator.pushes).toEqual([])
  })
})

describe('the settings', () => {
  test('take every consent back until the next one, for one-time templates too', async () => {
    alice().acceptSubscribe(SHIPPED)
    alice().acceptSubscribe(SHIPPED)
    expect(left()).toBe(2)

    expect(alice().refuseInSettings(SHIPPED)).toEqual({ [SHIPPED]: 'reject' })
    expect([left(), (await send()).errcode]).toEqual([0, 43101])

    alice().acceptSubscribe(SHIPPED)
    expect([left(), (await send()).errcode]).toEqual([1, 0])
  })

  test('end a long-term consent', () => {
    alice().acceptSubscribe(CALLED)
    expect(world.simulator.grantsLeft(alice().openid, CALLED)).toBe(Number.POSITIVE_INFINITY)
    alice().refuseInSettings(CALLED)

    expect(world.simulator.grantsLeft(alice().openid, CALLED)).toBe(0)
  })

  test('are told of, for all templates at once', async () => {
    const body = await receive(() => alice().refuseInSettings(SHIPPED, CALLED))

    expect(JSON.parse(body)).toEqual({
      ...envelope('subscribe_msg_change_event'),
      List: [
        { TemplateId: SHIPPED, SubscribeStatusString: 'reject' },
        { TemplateId: CALLED, SubscribeStatusString: 'reject' },
      ],
    })
  })

  test('know no template that is not there', () => {
    expect(() => alice().refuseInSettings('none')).toThrow('no template none')
    expect(() => alice().refuseInSettings()).toThrow('templateIds')
  })
})

describe('a message that was sent', () => {
  beforeEach(() => {
    for (const _ of [1, 2, 3]) alice().acceptSubscribe(SHIPPED)
  })

  test('is told of as delivered, with its exact id', async () => {
    const body = await receive(() => send())

    const [message] = world.simulator.sentMessages
    expect(message?.delivered).toBe(true)
    expect(JSON.parse(body)).toEqual({
      ...envelope('subscribe_msg_sent_event'),
      List: { TemplateId: SHIPPED, MsgID: message?.msgid, ErrorCode: '0', ErrorStatus: 'success' },
    })
  })

  test('is told of in XML with bare numbers', async () => {
    world.simulator.pushTo({ ...receiver.target, mode: 'plain', format: 'xml' })
    const body = await receive(() => send())

    const { msgid } = world.simulator.sentMessages[0] ?? {}
    expect(body).toContain(
      `<SubscribeMsgSentEvent><List><TemplateId><![CDATA[${SHIPPED}]]></TemplateId><MsgID>${msgid}</MsgID><ErrorCode>0</ErrorCode><ErrorStatus><![CDATA[success]]></ErrorStatus></List></SubscribeMsgSentEvent>`,
    )
  })

  test('can fail to arrive: the grant is used all the same', async () => {
    world.simulator.failDeliveries({ times: 1, errorCode: 20, errorStatus: 'failed: user block' })
    const body = await receive(() => send())

    expect(JSON.parse(body).List).toMatchObject({ ErrorCode: '20', ErrorStatus: 'failed: user block' })
    expect([left(), world.simulator.sentMessages[0]?.delivered]).toEqual([2, false])
    await send()
    expect(world.simulator.sentMessages.map(({ delivered }) => delivered)).toEqual([false, true])
  })

  test('that was refused is not told of', async () => {
    world.simulator.phone('bob').login()
    await world.simulator.pushesDone()
    const before = world.simulator.pushes.length

    expect(await send('bob')).toMatchObject({ errcode: 43101 })
    expect(world.simulator.pushes).toHaveLength(before)
  })
})

describe('sends to one user at the same time', () => {
  const sendTwice = async (second: string, latencyMs: number) => {
    for (const name of ['alice', 'alice', 'bob']) world.simulator.phone(name).acceptSubscribe(SHIPPED)
    await world.token()
    world.simulator.faults.add({ path: PATH, latencyMs })
    const slow = send()
    await expect.poll(() => world.simulator.accepted(PATH), { interval: 5 }).toBe(1)
    return [(await send(second)).errcode, (await slow).errcode]
  }

  test('are refused where the simulator is told to, until the answer of the first has left', async () => {
    await start({ refusesConcurrentSends: true })

    expect(await sendTwice('alice', 1000)).toEqual([43108, 0])
    expect([left(), (await send()).errcode]).toEqual([1, 0])
  })

  test('are fine when they go to different users', async () => {
    await start({ refusesConcurrentSends: true })

    expect(await sendTwice('bob', 50)).toEqual([0, 0])
  })

  test('are fine by default', async () => {
    expect(await sendTwice('alice', 50)).toEqual([0, 0])
  })

  test.each([{ reset: 'afterTaken' }, { hang: 'afterTaken' }] as const)(
    'end with a send whose answer never leaves: %j',
    async (fault) => {
      await start({ refusesConcurrentSends: true })
      for (const _ of [1, 2]) alice().acceptSubscribe(SHIPPED)
      const access_token = await world.token()
      world.simulator.faults.add({ path: PATH, ...fault })
      const body = { touser: alice().openid, template_id: SHIPPED, data: SHIPPED_DATA }
      const abandoned = new AbortController()
      const lost = world
        .send(
          PATH,
          { access_token },
          { method: 'POST', body: JSON.stringify(body), signal: abandoned.signal },
        )
        .catch(() => 'lost')
      await expect.poll(() => world.simulator.accepted(PATH)).toBe(1)
      abandoned.abort()
      expect(await lost).toBe('lost')

      expect(await send()).toMatchObject({ errcode: 0 })
    },
  )
})
