import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type PushReceiver, startPushReceiver } from './pushReceiver.ts'
import { APP_ID, type Json, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const PATH = '/cgi-bin/message/custom/send'
const MINUTE_MS = 60_000
const WINDOW_MS = 48 * 60 * MINUTE_MS

let world: TestSimulator
let receiver: PushReceiver
beforeEach(async () => {
  receiver = await startPushReceiver()
  world = await startTestSimulator({ push: { ...receiver.target, mode: 'plain' } })
})
afterEach(async () => {
  await world.simulator.close()
  await receiver.close()
})

const alice = () => world.simulator.phone('alice')

async function received(): Promise<Json> {
  await world.simulator.pushesDone()
  return JSON.parse(receiver.received.at(-1)?.body ?? '')
}

describe('what a user does in the session is pushed:', () => {
  const envelope = (MsgType: string) => ({
    ToUserName: expect.stringMatching(/^gh_/),
    FromUserName: alice().openid,
    CreateTime: world.clock.ms / 1000,
    MsgType,
  })

  test('a text', async () => {
    alice().sendText('in stock?')

    expect(await received()).toEqual({
      ...envelope('text'),
      Content: 'in stock?',
      MsgId: expect.any(Number),
    })
  })

  test('an image', async () => {
    alice().sendImage()

    expect(await received()).toEqual({
      ...envelope('image'),
      PicUrl: expect.stringMatching(/^http:/),
      MediaId: expect.stringMatching(/^.{64}$/),
      MsgId: expect.any(Number),
    })
  })

  test('a card of a page', async () => {
    alice().sendMiniProgramPage({ title: 'Order 7', pagePath: 'pages/order/detail?id=7' })

    expect(await received()).toEqual({
      ...envelope('miniprogrampage'),
      Title: 'Order 7',
      AppId: APP_ID,
      PagePath: 'pages/order/detail?id=7',
      ThumbUrl: expect.stringMatching(/^http:/),
      ThumbMediaId: expect.any(String),
      MsgId: expect.any(Number),
    })
  })

  test('the entry', async () => {
    alice().enterSession('from the order')

    expect(await received()).toEqual({
      ...envelope('event'),
      Event: 'user_enter_tempsession',
      SessionFrom: 'from the order',
    })
  })

  test('each message under an id of its own', () => {
    const ids = [alice().sendText('a'), alice().sendText('a'), world.simulator.phone('bob').sendImage()]

    expect(new Set(ids.map(({ msgId }) => msgId)).size).toBe(3)
  })
})

describe('a customer message', () => {
  const send = (fields: Json = {}) =>
    world.call(PATH, { touser: alice().openid, msgtype: 'text', text: { content: 'yes' }, ...fields })
  const errcodes = async (times: number) => {
    const codes: unknown[] = []
    for (let sent = 0; sent < times; sent += 1) codes.push((await send()).errcode)
    return codes
  }

  test('reaches a user who wrote', async () => {
    alice().sendText('in stock?')

    expect(await send()).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(world.simulator.customerMessages).toEqual([
      { touser: alice().openid, msgtype: 'text', content: { content: 'yes' }, atMs: world.clock.ms },
    ])
  })

  test.each([
    ['image', { media_id: 'm' }],
    ['link', { title: 't', description: 'd', url: 'https://a.example', thumb_url: 'https://b.example' }],
    ['miniprogrampage', { title: 't', pagepath: 'pages/index/index', thumb_media_id: 'm' }],
  ])('may be of type %s', async (msgtype, content) => {
    alice().sendText('in stock?')

    expect(await send({ msgtype, [msgtype]: content })).toMatchObject({ errcode: 0 })
    expect(world.simulator.customerMessages).toMatchObject([{ msgtype, content }])
  })

  test.each([
    ['an unknown user', { touser: 'o-unknown' }, 40003],
    ['an unknown type', { msgtype: 'voice' }, 40008],
    ['a type that is no type', { msgtype: 'constructor' }, 40008],
    ['no content', { text: {} }, 44004],
    ['no image', { msgtype: 'image' }, 40007],
    ['a link without a title', { msgtype: 'link', link: { url: 'https://a.example' } }, 40097],
  ])('with %s is refused and counts for nothing', async (_case, wrong, errcode) => {
    alice().enterSession()

    expect(await send(wrong)).toMatchObject({ errcode })
    expect(world.simulator.customerMessages).toEqual([])
    expect(await errcodes(3)).toEqual([0, 0, 45047])
  })

  test('needs an act of the user, not older than 48 hours', async () => {
    expect(await send()).toMatchObject({ errcode: 45015 })
    alice().sendText('in stock?')
    world.clock.ms += WINDOW_MS - 1
    expect(await send()).toMatchObject({ errcode: 0 })
    world.clock.ms += 1

    expect(await send()).toMatchObject({ errcode: 45015 })
    expect(world.simulator.customerMessages).toHaveLength(1)
  })

  test('follows a message of the user five times, and again after the next', async () => {
    alice().sendText('in stock?')
    expect(await errcodes(6)).toEqual([0, 0, 0, 0, 0, 45047])
    alice().sendText('really?')

    expect(await errcodes(6)).toEqual([0, 0, 0, 0, 0, 45047])
  })

  test('follows an entry twice within a minute', async () => {
    alice().enterSession()
    expect(await errcodes(3)).toEqual([0, 0, 45047])
    alice().enterSession()
    world.clock.ms += MINUTE_MS

    expect(await send()).toMatchObject({ errcode: 45015 })
  })

  test('is not allowed more often because the user both wrote and entered', async () => {
    alice().sendText('in stock?')
    alice().enterSession()

    expect(await errcodes(6)).toEqual([0, 0, 0, 0, 0, 45047])
  })
})
