import { afterEach, beforeEach, expect, test } from 'vitest'
import { signPush } from '../../scripts/simulator/push/pushCrypto.ts'
import type { HttpTarget } from '../../scripts/simulator/push/pushTarget.ts'
import { decrypt, type PushReceiver, type ReceivedPush, startPushReceiver, TOKEN } from './pushReceiver.ts'
import { startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
let receiver: PushReceiver
beforeEach(async () => {
  receiver = await startPushReceiver()
  world = await startTestSimulator()
})
afterEach(async () => {
  await world.simulator.close()
  await receiver.close()
})

/** What arrives when alice writes "hi" to a target of this mode and format. */
async function receiveText(form: Pick<HttpTarget, 'mode' | 'format'>): Promise<ReceivedPush> {
  world.simulator.pushTo({ ...receiver.target, ...form })
  world.simulator.phone('alice').sendText('hi')
  await world.simulator.pushesDone()
  const [push] = receiver.received
  if (!push) throw new Error('nothing was pushed')
  return push
}

const openid = () => world.simulator.phone('alice').openid
const JSON_TEXT = () =>
  new RegExp(
    `^{"ToUserName":"gh_[0-9a-f]{12}","FromUserName":"${openid()}","CreateTime":${world.clock.ms / 1000},"MsgType":"text","Content":"hi","MsgId":\\d{19}}$`,
  )
const XML_TEXT = () =>
  new RegExp(
    `^<xml><ToUserName><!\\[CDATA\\[gh_[0-9a-f]{12}\\]\\]></ToUserName><FromUserName><!\\[CDATA\\[${openid()}\\]\\]></FromUserName><CreateTime>${world.clock.ms / 1000}</CreateTime><MsgType><!\\[CDATA\\[text\\]\\]></MsgType><Content><!\\[CDATA\\[hi\\]\\]></Content><MsgId>\\d{19}</MsgId></xml>$`,
  )

test('a push is a POST signed with token, timestamp and nonce, beside what the URL carries itself', async () => {
  const { method, query } = await receiveText({})

  expect(method).toBe('POST')
  expect(query).toMatchObject({ tenant: '7', openid: openid(), timestamp: String(world.clock.ms / 1000) })
  const { timestamp = '', nonce = '' } = query
  expect(query.signature).toBe(signPush(TOKEN, timestamp, nonce))
})

test('the encrypted mode carries the addressee and the encrypted JSON alone', async () => {
  const { query, body, contentType } = await receiveText({})

  const { ToUserName, Encrypt, ...rest } = JSON.parse(body)
  expect([ToUserName, rest, contentType]).toEqual([expect.stringMatching(/^gh_/), {}, 'application/json'])
  expect(decrypt(Encrypt)).toMatch(JSON_TEXT())
  const { timestamp = '', nonce = '' } = query
  expect(query).toMatchObject({
    encrypt_type: 'aes',
    msg_signature: signPush(TOKEN, timestamp, nonce, Encrypt),
  })
})

test('the encrypted mode in XML is two elements', async () => {
  const { body, contentType } = await receiveText({ format: 'xml' })

  const [, encrypted = ''] =
    /^<xml><ToUserName><!\[CDATA\[gh_\w+\]\]><\/ToUserName><Encrypt><!\[CDATA\[(.+)\]\]><\/Encrypt><\/xml>$/.exec(
      body,
    ) ?? []
  expect(decrypt(encrypted)).toMatch(XML_TEXT())
  expect(contentType).toBe('text/xml')
})

test.each([
  ['json', JSON_TEXT],
  ['xml', XML_TEXT],
] as const)('the plain mode carries the %s itself and one signature', async (format, expected) => {
  const { query, body } = await receiveText({ mode: 'plain', format })

  expect(body).toMatch(expected())
  expect(Object.keys(query).toSorted()).toEqual(['nonce', 'openid', 'signature', 'tenant', 'timestamp'])
})

test('the compatible mode carries both and both signatures', async () => {
  const { query, body } = await receiveText({ mode: 'compatible' })

  const { Encrypt, ...plain } = JSON.parse(body)
  expect(plain).toMatchObject({ Content: 'hi', FromUserName: openid() })
  expect(decrypt(Encrypt)).toMatch(JSON_TEXT())
  expect(query).toMatchObject({ signature: expect.any(String), msg_signature: expect.any(String) })
})

test('the compatible mode in XML has the encrypted text beside the plain elements', async () => {
  const { body } = await receiveText({ mode: 'compatible', format: 'xml' })

  const [, encrypted = ''] = /<\/MsgId><Encrypt><!\[CDATA\[(.+)\]\]><\/Encrypt><\/xml>$/.exec(body) ?? []
  expect(decrypt(encrypted)).toMatch(XML_TEXT())
})

test('an id that a JavaScript number cannot hold goes out exactly', async () => {
  const { body } = await receiveText({ mode: 'plain' })

  const [, msgId = ''] = /"MsgId":(\d+)}/.exec(body) ?? []
  expect(String(Number(msgId))).not.toBe(msgId)
  expect(world.simulator.pushes[0]?.message.MsgId).toBe(BigInt(msgId))
})

test('a text that ends CDATA is split in two', async () => {
  world.simulator.pushTo({ ...receiver.target, mode: 'plain', format: 'xml' })
  world.simulator.phone('alice').sendText('a]]>b')
  await world.simulator.pushesDone()

  expect(receiver.received[0]?.body).toContain('<Content><![CDATA[a]]]]><![CDATA[>b]]></Content>')
})

test('any message can be pushed, with addressee and time where it has none', async () => {
  world.simulator.pushTo({ ...receiver.target, mode: 'plain' })
  world.simulator.push({ MsgType: 'event', Event: 'something_new', Id: 2n ** 62n, deep: [{ a: true }, 'b'] })
  world.simulator.push({ ToUserName: 'gh_other', CreateTime: '1', MsgType: 'event' })
  await world.simulator.pushesDone()

  const bodies = receiver.received.map(({ body }) => body).toSorted()
  expect(bodies).toEqual([
    expect.stringMatching(
      /^{"ToUserName":"gh_\w{12}","CreateTime":\d{10},"MsgType":"event","Event":"something_new","Id":4611686018427387904,"deep":\[{"a":true},"b"\]}$/,
    ),
    '{"ToUserName":"gh_other","CreateTime":"1","MsgType":"event"}',
  ])
  expect(receiver.received[0]?.query).not.toHaveProperty('openid')
})

test('a URL is verified by answering the echostr', async () => {
  world.simulator.pushTo(receiver.target)
  receiver.answer(({ query }) => ({ body: query.echostr ?? '' }))

  expect(await world.simulator.verifyPushUrl()).toEqual({
    status: 200,
    body: receiver.received[0]?.query.echostr,
    isVerified: true,
  })
  const { method, query } = receiver.received[0] ?? {}
  expect(method).toBe('GET')
  expect(query?.signature).toBe(signPush(TOKEN, query?.timestamp ?? '', query?.nonce ?? ''))
})

test.each([
  ['another text', { body: 'success' }, { status: 200, body: 'success' }],
  ['a refusal', { status: 401 }, { status: 401, body: '' }],
])('a URL that answers %s is not verified', async (_case, answer, seen) => {
  world.simulator.pushTo(receiver.target)
  receiver.answer(() => answer)

  expect(await world.simulator.verifyPushUrl()).toEqual({ ...seen, isVerified: false })
})

test('without an HTTP target there is no URL to verify', async () => {
  await expect(world.simulator.verifyPushUrl()).rejects.toThrow('HTTP target')
})
