import { describe, expect, test } from 'vitest'
import type { GrantNews } from '../../shared/core/grantNews.ts'
import { readGrantNews } from '../../shared/push/readGrantNews.ts'
import { messageVector, peerVectors } from '../support/vectors.ts'
import { envelope, eventOf, messageOf, xmlMessage } from './sampleMessages.ts'

const AT_MS = envelope.CreateTime * 1000

const newsIn = (event: string, fields: object) => readGrantNews(eventOf(event, fields))
const popup = (...items: unknown[]) => newsIn('subscribe_msg_popup_event', { List: items })
const sent = (item: object) => newsIn('subscribe_msg_sent_event', { List: { TemplateId: 'T1', ...item } })

const tap = (templateId: string, isAccepted = true): GrantNews => ({
  kind: 'tap',
  templateId,
  isAccepted,
  atMs: AT_MS,
})

describe("WeChat's samples", () => {
  const VRR = 'VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc'
  const HD = 'hD-ixGOhYmUfjOnI8MCzQMPshzGVeux_2vzyvQu7O68'
  const BEW = 'BEwX0BO-T3MqK3Uc5oTU3CGBqzjpndk2jzUf7VfExd8'

  test.each<[string, GrantNews[]]>([
    [
      'push XML subscribe_msg_popup_event',
      [
        { kind: 'tap', templateId: VRR, isAccepted: true, atMs: 1_610_969_440_000 },
        {
          kind: 'tap',
          templateId: '9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI',
          isAccepted: false,
          atMs: 1_610_969_440_000,
        },
      ],
    ],
    [
      'push JSON subscribe_msg_popup_event',
      [{ kind: 'tap', templateId: HD, isAccepted: true, atMs: 1_620_973_045_000 }],
    ],
    [
      'push JSON subscribe_msg_popup_event with List as a single object',
      [{ kind: 'tap', templateId: HD, isAccepted: true, atMs: 1_620_973_045_000 }],
    ],
    [
      'push XML subscribe_msg_change_event',
      [{ kind: 'withdrawal', templateId: VRR, atMs: 1_610_969_440_000 }],
    ],
    [
      'push JSON subscribe_msg_change_event',
      [
        {
          kind: 'withdrawal',
          templateId: 'BEwX0BOT3MqK3Uc5oTU3CGBqzjpndk2jzUf7VfExd8',
          atMs: 1_610_968_440_000,
        },
      ],
    ],
    [
      'push XML subscribe_msg_sent_event',
      [
        {
          kind: 'delivery',
          templateId: VRR,
          msgid: '1700827132819554304',
          isDelivered: true,
          atMs: 1_610_969_468_000,
        },
      ],
    ],
    [
      'push JSON subscribe_msg_sent_event',
      [
        {
          kind: 'delivery',
          templateId: BEW,
          msgid: '1864323726461255680',
          isDelivered: true,
          atMs: 1_620_963_428_000,
        },
      ],
    ],
    ['push JSON user_enter_tempsession', []],
  ])('%s', (name, news) => {
    const { xml, json = '' } = messageVector(name).inputs
    const message = xml ? messageOf('xml', xml) : messageOf('json', json)

    expect(readGrantNews(message)).toEqual(news)
  })

  test.each(['popup', 'change'])(
    'of the %s event say the same in XML, as a list, and as an object',
    (event) => {
      const [first, ...others] = peerVectors(`push-parse/wxjava-${event}`).map(({ inputs }) =>
        readGrantNews(messageOf(inputs.format === 'xml' ? 'xml' : 'json', inputs.body ?? '')),
      )

      expect(first).toHaveLength(1)
      expect(others).toEqual([first, first])
    },
  )

  test('of the sent event say the same in XML and JSON', () => {
    const [xml, json] = ['push-parse/wxjava-sent-xml', 'push-parse/skit-sent-json'].map((name) => {
      const [vector] = peerVectors(name)
      return readGrantNews(messageOf(name.endsWith('xml') ? 'xml' : 'json', vector?.inputs.body ?? ''))
    })

    expect(xml).toEqual(json)
    expect(xml).toEqual([
      {
        kind: 'delivery',
        templateId: BEW,
        msgid: '1864323726461255680',
        isDelivered: true,
        atMs: 1_620_963_428_000,
      },
    ])
  })
})

describe('a tap', () => {
  test.each([
    ['accept', true],
    ['acceptWithAudio', true],
    ['acceptWithAlert', true],
    ['acceptWithForcePush', true],
    ['reject', false],
    ['ban', false],
    ['filter', false],
    ['Accept', false],
    [' accept', false],
  ])('with the status %j is accepted: %j', (SubscribeStatusString, isAccepted) => {
    expect(popup({ TemplateId: 'T1', SubscribeStatusString })).toEqual([tap('T1', isAccepted)])
  })

  test('on several templates is one for each', () => {
    const items = ['T1', 'T2', 'T3'].map((TemplateId) => ({ TemplateId, SubscribeStatusString: 'accept' }))

    expect(popup(...items)).toEqual([tap('T1'), tap('T2'), tap('T3')])
  })

  test.each<[string, unknown]>([
    ['without a template', { SubscribeStatusString: 'accept' }],
    ['with an empty template', { TemplateId: '', SubscribeStatusString: 'accept' }],
    ['with a template that is none', { TemplateId: 'T 1', SubscribeStatusString: 'accept' }],
    ['with a number for a template', { TemplateId: 1, SubscribeStatusString: 'accept' }],
    ['with an endless template', { TemplateId: 'T'.repeat(129), SubscribeStatusString: 'accept' }],
    ['without a status', { TemplateId: 'T1' }],
    ['with an empty status', { TemplateId: 'T1', SubscribeStatusString: '' }],
    ['with a status that is no text', { TemplateId: 'T1', SubscribeStatusString: ['accept'] }],
    ['that is a text', 'accept'],
    ['that is nothing', null],
    ['that is a list', [{ TemplateId: 'T1', SubscribeStatusString: 'accept' }]],
  ])('%s is passed over, and those beside it are not', (_, item) => {
    expect(popup(item, { TemplateId: 'T2', SubscribeStatusString: 'accept' })).toEqual([tap('T2')])
  })
})

describe('a change in the settings', () => {
  test.each(['reject', 'ban'])('to %j is a withdrawal', (SubscribeStatusString) => {
    expect(
      newsIn('subscribe_msg_change_event', { List: { TemplateId: 'T1', SubscribeStatusString } }),
    ).toEqual([{ kind: 'withdrawal', templateId: 'T1', atMs: AT_MS }])
  })

  test.each(['accept', 'acceptWithAudio', '', undefined])('to %j tells nothing', (SubscribeStatusString) => {
    expect(
      newsIn('subscribe_msg_change_event', { List: { TemplateId: 'T1', SubscribeStatusString } }),
    ).toEqual([])
  })
})

describe('what became of a message', () => {
  test.each([
    [0, true],
    ['0', true],
    [43101, false],
    ['43101', false],
    [-1, false],
    ['-1', false],
    [4294967295, false],
    ['4294967295', false],
  ])('with the ErrorCode %j is that it was delivered: %j', (ErrorCode, isDelivered) => {
    expect(sent({ MsgID: '1864323726461255681', ErrorCode })).toEqual([
      { kind: 'delivery', templateId: 'T1', msgid: '1864323726461255681', isDelivered, atMs: AT_MS },
    ])
  })

  test.each([
    ['1864323726461255681', '1864323726461255681'],
    [1_234_567, '1234567'],
  ])('with the MsgID %j is of the message %j', (MsgID, msgid) => {
    expect(sent({ MsgID, ErrorCode: 0 })).toMatchObject([{ msgid }])
  })

  test('is exact where its id is a bare integer', () => {
    const list =
      '"Event":"subscribe_msg_sent_event","List":{"TemplateId":"T1","MsgID":1864323726461255681,"ErrorCode":0}'
    const message = messageOf('json', `${JSON.stringify(envelope).slice(0, -1)},${list}}`)

    expect(readGrantNews(message)).toMatchObject([{ msgid: '1864323726461255681' }])
  })

  test.each([
    ['without an id', { ErrorCode: 0 }],
    ['with an empty id', { MsgID: '', ErrorCode: 0 }],
    ['with an object for an id', { MsgID: {}, ErrorCode: 0 }],
    ['without an error code', { MsgID: '1', ErrorStatus: 'success' }],
    ['with an error code that is none', { MsgID: '1', ErrorCode: 'ok' }],
    ['with an empty error code', { MsgID: '1', ErrorCode: '' }],
  ])('%s tells nothing', (_, item) => {
    expect(sent(item)).toEqual([])
  })
})

describe('the list', () => {
  const item = { TemplateId: 'T1', SubscribeStatusString: 'accept' }

  test.each<[string, object]>([
    ['an object', { List: item }],
    ['an array', { List: [item] }],
    ['in an element named after the event', { SubscribeMsgPopupEvent: { List: item } }],
    ['in any other object', { Whatever: { List: [item] } }],
    ['in an object in a list', { Whatever: [{ List: [item] }] }],
    [
      'beside another container, where it counts alone',
      { List: item, SubscribeMsgPopupEvent: { List: item } },
    ],
  ])('may be %s', (_, fields) => {
    expect(newsIn('subscribe_msg_popup_event', fields)).toEqual([tap('T1')])
  })

  test.each<[string, object]>([
    ['absent', {}],
    ['empty', { List: [] }],
    ['nothing', { List: null }],
    ['a text', { List: '' }],
    ['too deep', { a: { b: { List: item } } }],
  ])('tells nothing when it is %s', (_, fields) => {
    expect(newsIn('subscribe_msg_popup_event', fields)).toEqual([])
  })

  test('in XML tells the same as in JSON', () => {
    const xml =
      '<Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>T1</TemplateId>' +
      '<SubscribeStatusString>accept</SubscribeStatusString></List></SubscribeMsgPopupEvent>'

    expect(readGrantNews(messageOf('xml', xmlMessage(xml)))).toEqual([tap('T1')])
  })

  test.each([
    'debug_demo',
    'SUBSCRIBE_MSG_POPUP_EVENT',
    'subscribe_msg_popup_event ',
    'toString',
    '__proto__',
  ])('of the event %j tells nothing', (event) => {
    expect(newsIn(event, { List: item })).toEqual([])
  })

  test('of a message that is no event tells nothing', () => {
    expect(newsIn('subscribe_msg_popup_event', { MsgType: 'text', List: item })).toEqual([])
  })
})
