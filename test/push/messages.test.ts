import { describe, expect, test } from 'vitest'
import { toIncomingMessage } from '../../shared/push/messages.ts'
import { passiveReply, transferToCustomerService } from '../../shared/push/passiveReply.ts'
import { peerVectors } from '../support/vectors.ts'
import { NOW_MS } from './pushes.ts'
import { envelope, messageOf, xmlMessage } from './sampleMessages.ts'

const toXml = (fields: Readonly<Record<string, unknown>>): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`

const COMMON = { openid: 'oAlice', originalId: 'gh_1', sentAtMs: envelope.CreateTime * 1000 }

describe('a message gets its shape, from JSON and XML alike', () => {
  test.each<[string, Readonly<Record<string, unknown>>, object]>([
    [
      'text',
      { MsgType: 'text', Content: 'this is a test', MsgId: '6972028683187026694' },
      { kind: 'text', content: 'this is a test', msgId: '6972028683187026694' },
    ],
    [
      'image',
      { MsgType: 'image', PicUrl: 'http://mmbiz.qpic.cn/1', MediaId: 'media_id', MsgId: '1' },
      { kind: 'image', picUrl: 'http://mmbiz.qpic.cn/1', mediaId: 'media_id', msgId: '1' },
    ],
    [
      'miniprogrampage',
      {
        MsgType: 'miniprogrampage',
        Title: 'title',
        AppId: 'appid',
        PagePath: 'path',
        ThumbUrl: 'url',
        ThumbMediaId: 'id',
        MsgId: '1',
      },
      {
        kind: 'miniprogrampage',
        title: 'title',
        appId: 'appid',
        pagePath: 'path',
        thumbUrl: 'url',
        thumbMediaId: 'id',
        msgId: '1',
      },
    ],
    [
      'user_enter_tempsession',
      { MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'sessionFrom' },
      { kind: 'user_enter_tempsession', sessionFrom: 'sessionFrom' },
    ],
    [
      'wxa_media_check',
      {
        MsgType: 'event',
        Event: 'wxa_media_check',
        trace_id: 'id',
        appid: 'wx1',
        isrisky: '1',
        status_code: '0',
      },
      { kind: 'wxa_media_check', traceId: 'id', appId: 'wx1', verdict: { suggest: 'risky' } },
    ],
  ])('%s', (_, fields, expected) => {
    const all = { ...envelope, ...fields }

    expect(toIncomingMessage(messageOf('json', JSON.stringify(all)))).toEqual({ ...COMMON, ...expected })
    expect(toIncomingMessage(messageOf('xml', toXml(all)))).toEqual({ ...COMMON, ...expected })
  })

  test.each(['popup', 'change', 'sent'])('subscribe_msg_%s_event', (name) => {
    const messages = peerVectors('push-parse/')
      .filter((vector) => vector.name.includes(`-${name}-`))
      .map(({ inputs }) =>
        toIncomingMessage(messageOf(inputs.format === 'xml' ? 'xml' : 'json', inputs.body ?? '')),
      )

    expect(messages.length).toBeGreaterThan(1)
    for (const message of messages) {
      expect(message).toEqual(messages[0])
      expect(message).toMatchObject({ kind: `subscribe_msg_${name}_event`, news: [{}] })
    }
  })

  test("another library's sample with the fields of every kind is a text, for its MsgType says so", () => {
    const [vector] = peerVectors('push-parse/wxjava-enter-tempsession-xml')

    expect(toIncomingMessage(messageOf('xml', vector?.inputs.body ?? ''))).toEqual({
      openid: 'fromUser',
      originalId: 'toUser',
      sentAtMs: 1_482_048_670_000,
      msgId: '1234567890123456',
      kind: 'text',
      content: 'this is a test',
    })
  })
})

describe('what has no shape of its own is other, with all its fields', () => {
  test.each<[string, object, object]>([
    ['a message', { MsgType: 'voice', MediaId: '1' }, { msgType: 'voice' }],
    ['an event', { Event: 'debug_demo' }, { msgType: 'event', event: 'debug_demo' }],
    ['an event without a name', {}, { msgType: 'event' }],
    [
      'a verdict without a submission',
      { Event: 'wxa_media_check' },
      { msgType: 'event', event: 'wxa_media_check' },
    ],
    ['a MsgType in another case', { MsgType: 'Text' }, { msgType: 'Text' }],
    ['the name of a method', { MsgType: 'toString' }, { msgType: 'toString' }],
  ])('%s', (_, given, expected) => {
    const fields = { ...envelope, ...given }

    expect(toIncomingMessage(messageOf('json', JSON.stringify(fields)))).toEqual({
      ...COMMON,
      ...expected,
      kind: 'other',
      fields,
    })
  })
})

test.each<[unknown, string]>([
  [undefined, ''],
  [null, ''],
  [{}, ''],
  [7, '7'],
  ['', ''],
])('a Content of %j is the text %j', (Content, content) => {
  const message = messageOf('json', JSON.stringify({ ...envelope, MsgType: 'text', Content }))

  expect(toIncomingMessage(message)).toEqual({ ...COMMON, kind: 'text', content })
})

describe('a passive reply', () => {
  const message = messageOf('xml', xmlMessage('<Event>user_enter_tempsession</Event>'))

  test('goes back to where the message came from, now', () => {
    expect(passiveReply(message, { MsgType: 'text', Content: 'hello' }, NOW_MS + 999)).toEqual({
      ToUserName: 'oAlice',
      FromUserName: 'gh_1',
      CreateTime: NOW_MS / 1000,
      MsgType: 'text',
      Content: 'hello',
    })
  })

  test('goes nowhere else', () => {
    const reply = passiveReply(
      message,
      { MsgType: 'text', ToUserName: 'oBob', FromUserName: 'x', CreateTime: 0 },
      NOW_MS,
    )

    expect(reply).toMatchObject({ ToUserName: 'oAlice', FromUserName: 'gh_1', CreateTime: NOW_MS / 1000 })
  })

  test('can hand the user over to customer service', () => {
    expect(transferToCustomerService(message, NOW_MS)).toEqual({
      ToUserName: 'oAlice',
      FromUserName: 'gh_1',
      CreateTime: NOW_MS / 1000,
      MsgType: 'transfer_customer_service',
    })
  })
})
