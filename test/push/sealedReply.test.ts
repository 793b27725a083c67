import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../shared/core/secret.ts'
import type { Random } from '../../shared/ports/random.ts'
import { openPush } from '../../shared/push/openPush.ts'
import { decryptPush } from '../../shared/push/pushCipher.ts'
import { officialVector } from '../support/vectors.ts'
import {
  APP_ID,
  encrypt,
  encryptedPush,
  KEY,
  NONCE,
  NOW_MS,
  OTHER_KEY,
  PLAIN,
  plainPush,
  problemThrownBy,
  settingsOf,
  sign,
  TIMESTAMP,
  TOKEN,
  xmlOf,
} from './pushes.ts'

/** Randomness that is known beforehand. */
const knownRandom = (text: string): Random => ({
  bytes: (length) => Buffer.from(text).subarray(0, length),
  fraction: () => 0,
})

const RANDOM = knownRandom('0123456789abcdef')
const MESSAGE = '{"MsgType":"text"}'
const REPLY = { MsgType: 'text', Content: '红茶 & <b>' }

const openJson = (key = KEY) => {
  const settings = settingsOf({ WECHAT_PUSH_AES_KEY: [KEY, OTHER_KEY].join(',') })
  return openPush(encryptedPush(encrypt(MESSAGE, { key })), settings, NOW_MS)
}

const openXml = () => {
  const encrypted = encrypt('<xml></xml>')
  return openPush(encryptedPush(encrypted, { body: xmlOf(encrypted) }), settingsOf(), NOW_MS)
}

const plainAnswerTo = (body: string, reply: Readonly<Record<string, unknown>>) =>
  openPush(plainPush(body), settingsOf(PLAIN), NOW_MS).seal(reply, NOW_MS, RANDOM)

const decrypt = (base64: string, key = KEY): string | undefined =>
  decryptPush(Buffer.from(base64, 'base64'), new Secret(key), APP_ID)?.toString()

test("WeChat's example of a reply comes out to the last character", () => {
  const { inputs, expected } = officialVector('push/secure-mode-reply')
  const {
    token = '',
    encodingAESKey = '',
    appid = '',
    random16 = '',
    msg = '',
    timestamp,
    nonce = '',
  } = inputs
  const settings = settingsOf({
    WECHAT_APP_ID: appid,
    WECHAT_PUSH_TOKEN: token,
    WECHAT_PUSH_AES_KEY: encodingAESKey,
  })
  const push = encryptedPush(encrypt('{}', { key: encodingAESKey, appId: appid }), { token, nonce })

  const { contentType, body } = openPush(push, settings, NOW_MS).seal(
    JSON.parse(msg),
    Number(timestamp) * 1000 + 999,
    knownRandom(random16),
  )

  expect(contentType).toBe('application/json; charset=utf-8')
  expect(JSON.parse(body)).toEqual({
    Encrypt: expected.Encrypt,
    MsgSignature: expected.MsgSignature,
    TimeStamp: expected.TimeStamp,
    Nonce: expected.Nonce,
  })
})

describe('a reply to an encrypted push', () => {
  test.each([
    ['current', KEY],
    ['previous', OTHER_KEY],
  ])('is encrypted with the %s key when the push was', (_, key) => {
    const sealed = JSON.parse(openJson(key).seal(REPLY, NOW_MS, RANDOM).body)

    expect(JSON.parse(decrypt(sealed.Encrypt, key) ?? '')).toEqual(REPLY)
    expect(decrypt(sealed.Encrypt, key === KEY ? OTHER_KEY : KEY)).toBeUndefined()
  })

  test('is signed over its own time and the nonce of the push', () => {
    const laterMs = NOW_MS + 1500
    const { Encrypt, MsgSignature, TimeStamp, Nonce } = JSON.parse(
      openJson().seal(REPLY, laterMs, RANDOM).body,
    )

    expect({ TimeStamp, Nonce }).toEqual({ TimeStamp: Number(TIMESTAMP) + 1, Nonce: NONCE })
    expect(MsgSignature).toBe(sign(TOKEN, String(TimeStamp), NONCE, Encrypt))
  })

  test('begins with fresh random bytes', () => {
    const opened = openJson()
    const first = opened.seal(REPLY, NOW_MS, RANDOM)

    expect(opened.seal(REPLY, NOW_MS, knownRandom('fedcba9876543210'))).not.toEqual(first)
    expect(opened.seal(REPLY, NOW_MS, RANDOM)).toEqual(first)
  })

  test('is XML, inside and outside, when the push was', () => {
    const { contentType, body } = openXml().seal(REPLY, NOW_MS, RANDOM)
    const [, sealed = '', signature] =
      /^<xml><Encrypt><!\[CDATA\[(.+)\]\]><\/Encrypt><MsgSignature><!\[CDATA\[(.+)\]\]><\/MsgSignature><TimeStamp>1768464000<\/TimeStamp><Nonce><!\[CDATA\[415670741\]\]><\/Nonce><\/xml>$/.exec(
        body,
      ) ?? []

    expect(contentType).toBe('application/xml; charset=utf-8')
    expect(signature).toBe(sign(TOKEN, TIMESTAMP, NONCE, sealed))
    expect(decrypt(sealed)).toBe(
      '<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[红茶 & <b>]]></Content></xml>',
    )
  })
})

describe('a reply to a plain push', () => {
  test('is the reply itself, in the format of the push', () => {
    expect(plainAnswerTo('{}', REPLY)).toEqual({
      contentType: 'application/json; charset=utf-8',
      body: '{"MsgType":"text","Content":"红茶 & <b>"}',
    })
    expect(plainAnswerTo('<xml></xml>', REPLY)).toEqual({
      contentType: 'application/xml; charset=utf-8',
      body: '<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[红茶 & <b>]]></Content></xml>',
    })
  })

  test('in XML has numbers as they are, lists as repeated elements, and nothing for nothing', () => {
    const reply = {
      CreateTime: 1_768_464_000,
      Articles: { item: [{ Title: 'a' }, { Title: 'b' }] },
      Empty: [],
      Null: null,
      Undefined: undefined,
      Flag: true,
    }

    expect(plainAnswerTo('<xml></xml>', reply).body).toBe(
      '<xml><CreateTime>1768464000</CreateTime><Articles><item><Title><![CDATA[a]]></Title></item>' +
        '<item><Title><![CDATA[b]]></Title></item></Articles><Flag><![CDATA[true]]></Flag></xml>',
    )
  })

  test.each([
    ['<MsgType>', '<MsgType>'],
    ['the end of CDATA', 'a]]>b'],
    [
      'an element after the end of CDATA',
      ']]></Content><MsgType>transfer_customer_service</MsgType><Content><![CDATA[',
    ],
    ['the end of CDATA in pieces', ']]]]>>]]>'],
    ['an entity', '&amp;&lt;&#65;'],
    ['a comment', '<!-- -->'],
    ['white space', ' a\n\tb '],
    ['another plane', '😀'],
  ])('in XML holds %s as text', (_, Content) => {
    const { body } = plainAnswerTo('<xml></xml>', { Content })
    const reread = openPush(plainPush(body), settingsOf(PLAIN), NOW_MS)

    expect(reread.format).toBe('xml')
    expect(contentOf(body)).toBe(Content)
  })

  test('in XML holds any text, but for the characters that XML does not have', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, other) => {
        const Content = `${text.replaceAll('\r', '')}]]>${other}`

        expect(contentOf(plainAnswerTo('<xml></xml>', { Content }).body)).toBe(withoutForbidden(Content))
      }),
    )
    expect(contentOf(plainAnswerTo('<xml></xml>', { Content: 'a\0b\u0008\ufffe' }).body)).toBe(
      'a\ufffdb\ufffd\ufffd',
    )
  })

  test.each(['', '1a', 'a b', 'a><b', '名', 'xml/'])('in XML has no element %j', (name) => {
    expect(problemThrownBy(() => plainAnswerTo('<xml></xml>', { [name]: 'x' })).code).toBe('INTERNAL')
  })
})

const withoutForbidden = (text: string): string =>
  Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0
    const isControl = point < 0x20 && !'\t\n\r'.includes(character)
    return isControl || point === 0xfffe || point === 0xffff || !character.isWellFormed()
      ? '\ufffd'
      : character
  }).join('')

/** The text of the element, read by the rules of CDATA alone. */
function contentOf(xml: string): string {
  const [, inner = ''] = /^<xml><Content>([\s\S]*)<\/Content><\/xml>$/.exec(xml) ?? []
  const sections = [...inner.matchAll(/<!\[CDATA\[([\s\S]*?)\]\]>/g)]
  expect(sections.map(([section]) => section).join('')).toBe(inner)
  return sections.map(([, text]) => text).join('')
}
