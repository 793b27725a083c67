import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pushIdOf, readPushMessage, toPushMessage } from '../../shared/push/readPushMessage.ts'
import { officialVector } from '../support/vectors.ts'
import { envelope, readJson, xmlMessage } from './sampleMessages.ts'

describe('a message', () => {
  test('in JSON has its ids exact, and all its fields', () => {
    const text =
      '{"ToUserName":"gh_1","FromUserName":"oAlice","CreateTime":1482048670,"MsgType":"text",' +
      '"Content":"this is a test","MsgId":6972028683187026694}'

    expect(readPushMessage('json', text)).toEqual({
      msgType: 'text',
      fromUserName: 'oAlice',
      toUserName: 'gh_1',
      createTimeSeconds: 1_482_048_670,
      msgId: '6972028683187026694',
      fields: {
        ToUserName: 'gh_1',
        FromUserName: 'oAlice',
        CreateTime: 1_482_048_670,
        MsgType: 'text',
        Content: 'this is a test',
        MsgId: '6972028683187026694',
      },
    })
  })

  test("in XML is read as WeChat's example has it", () => {
    const { expected } = officialVector('push/secure-mode-xml')

    expect(readPushMessage('xml', String(expected.msg))).toEqual({
      msgType: 'text',
      fromUserName: 'mycreate',
      toUserName: 'wx5823bf96d3bd56c7',
      createTimeSeconds: 1_409_659_813,
      msgId: '4561255354251345929',
      fields: {
        ToUserName: 'wx5823bf96d3bd56c7',
        FromUserName: 'mycreate',
        CreateTime: '1409659813',
        MsgType: 'text',
        Content: 'hello',
        MsgId: '4561255354251345929',
        AgentID: '218',
      },
    })
  })

  test("in JSON is read as WeChat's example has it", () => {
    const { expected } = officialVector('push/secure-mode-json')

    expect(readPushMessage('json', String(expected.msg))).toMatchObject({
      msgType: 'event',
      event: 'debug_demo',
      fromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
      createTimeSeconds: 1_714_112_445,
      fields: { debug_str: 'hello world' },
    })
  })

  test.each([1_620_973_045, '1620973045'])('may have %j for its time', (CreateTime) => {
    expect(readJson({ CreateTime })?.createTimeSeconds).toBe(1_620_973_045)
  })

  test.each<[unknown, string | undefined]>([
    ['6972028683187026694', '6972028683187026694'],
    [1_234_567, '1234567'],
    ['', undefined],
    [0, undefined],
    ['0', undefined],
    [null, undefined],
    [{}, undefined],
    [true, undefined],
    ['1'.repeat(129), undefined],
  ])('with the MsgId %j has %j for an id', (MsgId, msgId) => {
    expect(readJson({ MsgId })?.msgId).toBe(msgId)
  })

  test('that was parsed elsewhere has no id where a number was rounded', () => {
    expect(toPushMessage({ ...envelope, MsgId: 2 ** 53 })?.msgId).toBeUndefined()
    expect(toPushMessage({ ...envelope, MsgId: 2 ** 53 - 1 })?.msgId).toBe('9007199254740991')
  })

  test('has an event only where its MsgType says so', () => {
    expect(readJson({ MsgType: 'text', Event: 'user_enter_tempsession' })).not.toHaveProperty('event')
    expect(readJson({ MsgType: 'event' })).not.toHaveProperty('event')
    expect(readJson({ MsgType: 'event', Event: 'Debug_Demo' })?.event).toBe('Debug_Demo')
  })

  test.each<[string, object]>([
    ['no MsgType', { MsgType: undefined }],
    ['an empty MsgType', { MsgType: '' }],
    ['a MsgType that is no text', { MsgType: 1 }],
    ['no sender', { FromUserName: undefined }],
    ['a list of senders', { FromUserName: ['oAlice'] }],
    ['an endless sender', { FromUserName: 'o'.repeat(129) }],
    ['no time', { CreateTime: undefined }],
    ['an empty time', { CreateTime: '' }],
    ['a time that is no number', { CreateTime: 'today' }],
    ['a time before all time', { CreateTime: -1 }],
    ['a time in pieces', { CreateTime: 1.5 }],
    ['a time in milliseconds', { CreateTime: 1_620_973_045_000 }],
    ['an endless time', { CreateTime: '9'.repeat(400) }],
  ])('with %s is unusable', (_, fields) => {
    expect(readJson(fields)).toBeUndefined()
  })

  test('needs no recipient', () => {
    expect(readJson({ ToUserName: undefined })).toMatchObject({ fromUserName: 'oAlice', toUserName: '' })
  })

  test('with a verdict, which is about a job, needs neither a sender nor a time', () => {
    const verdict = {
      MsgType: 'event',
      Event: 'wxa_media_check',
      FromUserName: undefined,
      CreateTime: undefined,
    }

    expect(readJson(verdict)).toMatchObject({
      event: 'wxa_media_check',
      fromUserName: '',
      createTimeSeconds: 0,
    })
  })

  test.each(['', ' ', 'success', 'null', '[]', '"text"', '1', '{', '{"MsgType":"text"', '<xml></xml>'])(
    '%j is none',
    (text) => {
      expect(readPushMessage('json', text)).toBeUndefined()
    },
  )
})

describe('whatever comes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .array(
        fc.constantFrom(
          '<a>',
          '</a>',
          '<a/>',
          '<![CDATA[',
          ']]>',
          '&lt;',
          '&#1;',
          '\r\n',
          'x',
          '<',
          '😀',
          '\0',
          '"',
        ),
      )
      .map((parts) => xmlMessage(parts.join(''))),
    fc.dictionary(fc.string(), fc.jsonValue()).map((fields) => JSON.stringify({ ...envelope, ...fields })),
  )

  test('is a message or unusable, and throws nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom('json' as const, 'xml' as const), text, (format, pushed) => {
        const message = readPushMessage(format, pushed)

        if (message) expect(pushIdOf(message)).toMatch(/^[\w-]{43}$/)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the id of a push', () => {
  const idOf = (fields: object) => {
    const message = readJson(fields)
    return message && pushIdOf(message)
  }

  test('is that of the sender and the MsgId, whatever else a message says', () => {
    const id = idOf({ MsgType: 'text', MsgId: '1', Content: 'a' })

    expect(id).toMatch(/^[\w-]{43}$/)
    expect(idOf({ MsgType: 'text', MsgId: 1, Content: 'b', CreateTime: 1 })).toBe(id)
    expect(idOf({ MsgType: 'text', MsgId: '2', Content: 'a' })).not.toBe(id)
    expect(idOf({ MsgType: 'text', MsgId: '1', Content: 'a', FromUserName: 'oBob' })).not.toBe(id)
  })

  test('of a message without one is that of all that it says', () => {
    const event = {
      MsgType: 'event',
      Event: 'subscribe_msg_popup_event',
      List: [{ TemplateId: 'a', PopupScene: '0' }],
    }
    const id = idOf(event)

    expect(idOf(event)).toBe(id)
    for (const other of [
      { FromUserName: 'oBob' },
      { CreateTime: 1 },
      { Event: 'subscribe_msg_change_event' },
      { List: [{ TemplateId: 'b', PopupScene: '0' }] },
      { List: [] },
      { more: 1 },
    ]) {
      expect(idOf({ ...event, ...other })).not.toBe(id)
    }
  })

  test('does not hang on the order of the keys', () => {
    const first = toPushMessage({ ...envelope, a: { b: 1, c: [{ d: 1, e: 2 }] } })
    const second = toPushMessage({ a: { c: [{ e: 2, d: 1 }], b: 1 }, ...envelope })

    expect(first && pushIdOf(first)).toBe(second && pushIdOf(second))
  })

  test('is not that of a message whose sender and id read the same together', () => {
    expect(idOf({ FromUserName: 'o1', MsgId: '23' })).not.toBe(idOf({ FromUserName: 'o12', MsgId: '3' }))
  })
})
