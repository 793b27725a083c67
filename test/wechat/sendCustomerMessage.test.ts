import { describe, expect, test } from 'vitest'
import {
  type CustomerMessage,
  sendCustomerMessage,
} from '../../shared/wechat/endpoints/sendCustomerMessage.ts'
import { judgeAnswer } from '../../shared/wechat/judgeAnswer.ts'

const touser = 'oAlice'

const bodyOf = (message: CustomerMessage) => sendCustomerMessage.request(message, undefined as never).body

describe('a customer message is told as WeChat wants it', () => {
  test.each<[CustomerMessage, object]>([
    [
      { touser, type: 'text', content: '你好' },
      { touser, msgtype: 'text', text: { content: '你好' } },
    ],
    [
      { touser, type: 'image', mediaId: 'media' },
      { touser, msgtype: 'image', image: { media_id: 'media' } },
    ],
    [
      { touser, type: 'link', title: 'T', description: 'D', url: 'https://a/', thumbUrl: 'https://b/' },
      {
        touser,
        msgtype: 'link',
        link: { title: 'T', description: 'D', url: 'https://a/', thumb_url: 'https://b/' },
      },
    ],
    [
      { touser, type: 'miniprogrampage', title: 'T', pagePath: 'pages/index', thumbMediaId: 'thumb' },
      {
        touser,
        msgtype: 'miniprogrampage',
        miniprogrampage: { title: 'T', pagepath: 'pages/index', thumb_media_id: 'thumb' },
      },
    ],
    [
      { touser, type: 'text', content: 'a', isAiMessage: true },
      { touser, msgtype: 'text', text: { content: 'a' }, aimsgcontext: { is_ai_msg: 1 } },
    ],
    [
      { touser, type: 'text', content: 'a', isAiMessage: false },
      { touser, msgtype: 'text', text: { content: 'a' } },
    ],
  ])('%j', (message, body) => {
    expect(bodyOf(message)).toEqual(body)
  })
})

describe('an answer', () => {
  const judge = (json: Readonly<Record<string, unknown>>) =>
    judgeAnswer(sendCustomerMessage, { json, image: undefined } as never)

  test('without an error means that the message went out', () => {
    expect(judge({ errcode: 0, errmsg: 'ok' })).toBeUndefined()
  })

  test.each([
    [45_015, { code: 'USER_NOT_RECENT', retryable: false }],
    [45_047, { code: 'QUOTA_EXCEEDED', retryable: false }],
    [40_003, { code: 'INVALID_ARGUMENT', options: expect.objectContaining({ field: 'touser' }) }],
    [40_007, { code: 'UPSTREAM_REJECTED' }],
    [48_001, { code: 'CONFIG_ERROR' }],
    [-1, { code: 'OUTCOME_UNKNOWN', retryable: false }],
  ])('with the errcode %d is a problem of its own', (errcode, problem) => {
    expect(() => judge({ errcode, errmsg: 'x' })).toThrow(expect.objectContaining(problem))
  })

  test('that says nothing leaves open whether the message went out', () => {
    expect(() => judge({})).toThrow(expect.objectContaining({ code: 'OUTCOME_UNKNOWN' }))
  })
})
