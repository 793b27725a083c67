import { describe, expect, test } from 'vitest'
import { openPush } from '../../shared/push/openPush.ts'
import { signPush } from '../../shared/push/pushSignature.ts'
import { officialVector, peerVectors, type Vector } from '../support/vectors.ts'
import {
  encrypt,
  encryptedPush,
  KEY,
  NOW_MS,
  OTHER_KEY,
  PLAIN,
  type Push,
  plainPush,
  problemThrownBy,
  refusal,
  settingsOf,
  sign,
  TIMESTAMP,
  TOKEN,
  toQuery,
  xmlOf,
} from './pushes.ts'

const MESSAGE = '{"MsgType":"event","Event":"debug_demo"}'

const open = (push: Push, variables = {}) => openPush(push, settingsOf(variables), NOW_MS)

/** A vector as the push that it was. */
function pushOf({ inputs }: Vector, toBody: (encrypted: string) => string) {
  const { appId, appid = appId, token, encodingAESKey, timestamp, nonce, signature } = inputs
  const { msgSignature, msg_signature = msgSignature, encrypt: lowerCase, Encrypt = lowerCase ?? '' } = inputs
  return {
    push: {
      query: toQuery({ signature, timestamp, nonce, msg_signature }),
      body: Buffer.from(toBody(Encrypt)),
    },
    variables: { WECHAT_APP_ID: appid, WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey },
    nowMs: Number(timestamp) * 1000,
  }
}

describe("WeChat's own examples", () => {
  test('the JSON of the secure mode opens', () => {
    const vector = officialVector('push/secure-mode-json')
    const { push, variables, nowMs } = pushOf(vector, (encrypted) =>
      JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt: encrypted }),
    )

    expect(openPush(push, settingsOf(variables), nowMs)).toMatchObject({
      format: 'json',
      text: vector.expected.msg,
    })
  })

  test('the XML of the secure mode opens, although its key has spare bits at the end', () => {
    const vector = officialVector('push/secure-mode-xml')
    const { push, variables, nowMs } = pushOf(vector, xmlOf)

    expect(openPush(push, settingsOf(variables), nowMs)).toMatchObject({
      format: 'xml',
      text: vector.expected.msg,
    })
  })

  test('the plain mode opens', () => {
    const { inputs, expected } = officialVector('push/plain-mode-signature')
    const { token, timestamp, nonce } = inputs
    const query = toQuery({ signature: String(expected.signature), timestamp, nonce })
    const settings = settingsOf({ ...PLAIN, WECHAT_PUSH_TOKEN: token })

    expect(openPush({ query, body: Buffer.from(MESSAGE) }, settings, Number(timestamp) * 1000)).toMatchObject(
      {
        format: 'json',
        text: MESSAGE,
      },
    )
  })

  test('a msg_signature is what it has to be', () => {
    const { inputs, expected } = officialVector('push/msg-signature-only')
    const { token = '', timestamp = '', nonce = '', Encrypt = '' } = inputs

    expect(signPush(token, timestamp, nonce, Encrypt)).toBe(expected.msg_signature)
  })
})

describe('pushes that other libraries know', () => {
  const vectors = peerVectors('push/').filter(({ inputs }) => inputs.msgSignature)
  const ours = vectors.map((vector) => {
    const { plaintext, trailingId, ok } = vector.expected
    const appId = /^\S+$/.exec(vector.inputs.appId ?? String(trailingId ?? 'wwedab3d5fc43636d8'))?.[0]
    return { name: vector.name, vector, appId: appId ?? 'wx-another', plaintext, ok }
  })

  test.each(ours)('$name opens or does not, as they say', ({ vector, appId, plaintext, ok }) => {
    const { push, variables, nowMs } = pushOf(vector, xmlOf)
    const work = () => openPush(push, settingsOf({ ...variables, WECHAT_APP_ID: appId }), nowMs)

    if (ok) expect(work().text).toBe(plaintext)
    else expect(work).toThrow(refusal())
  })

  test('are not passed over', () => {
    expect(ours.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(6)
    expect(ours.filter(({ ok }) => !ok).length).toBeGreaterThanOrEqual(4)
  })
})

describe('an encrypted push', () => {
  test.each([
    ['JSON', 'json', (encrypted: string) => JSON.stringify({ Encrypt: encrypted })],
    ['JSON after white space', 'json', (encrypted: string) => ` \r\n\t{"Encrypt" : "${encrypted}"}\n`],
    ['XML', 'xml', xmlOf],
    ['XML without CDATA', 'xml', (encrypted: string) => `<xml><Encrypt>${encrypted}</Encrypt></xml>`],
    [
      'XML with a declaration',
      'xml',
      (encrypted: string) => `\n<?xml version="1.0"?>\n${xmlOf(encrypted)}\n`,
    ],
  ])('is told by its look to be %s', (_, format, toBody) => {
    const encrypted = encrypt(MESSAGE)

    expect(open(encryptedPush(encrypted, { body: toBody(encrypted) }))).toMatchObject({
      format,
      text: MESSAGE,
    })
  })

  test('in compatible mode counts by what is encrypted: its plaintext is passed over', () => {
    const encrypted = encrypt(MESSAGE)
    const body = JSON.stringify({ MsgType: 'text', Content: 'forged', Encrypt: encrypted })

    expect(open(encryptedPush(encrypted, { body })).text).toBe(MESSAGE)
  })

  test.each([
    ['signature', { signature: undefined }],
    ['encrypt_type', { encrypt_type: undefined }],
    ['openid', { openid: undefined }],
  ])('opens without %s', (_, parameters) => {
    expect(open(encryptedPush(encrypt(MESSAGE), { parameters })).text).toBe(MESSAGE)
  })

  test('opens when its body is just small enough', () => {
    const encrypted = encrypt(MESSAGE)
    const body = JSON.stringify({ Encrypt: encrypted }).padEnd(65_536)

    expect(open(encryptedPush(encrypted, { body })).text).toBe(MESSAGE)
  })

  test('may say anything in any script, and nothing at all', () => {
    const text = '<xml>红茶 😀 \u2028 ]]> &amp; \\ "</xml>'

    expect(open(encryptedPush(encrypt(text))).text).toBe(text)
    expect(open(encryptedPush(encrypt(''))).text).toBe('')
  })

  test('has U+FFFD where its bytes are no UTF-8, or NUL', () => {
    const text = Buffer.from([0x61, 0xff, 0x62, 0x00, 0x63, 0xe4, 0xb8])

    expect(open(encryptedPush(encrypt(text))).text).toBe('a\ufffdb\ufffdc\ufffd')
  })

  test.each([
    ['current', [KEY, OTHER_KEY]],
    ['previous', [OTHER_KEY, KEY]],
  ])('may be encrypted with the %s key', (_, keys) => {
    const variables = { WECHAT_PUSH_AES_KEY: keys.join(', ') }

    expect(open(encryptedPush(encrypt(MESSAGE)), variables).text).toBe(MESSAGE)
  })
})

describe('an encrypted push that is not acceptable is refused', () => {
  const encrypted = encrypt(MESSAGE)

  test.each<[string, Push, string, object?]>([
    [
      'without msg_signature',
      encryptedPush(encrypted, { parameters: { msg_signature: undefined } }),
      'msg_signature does not hold',
    ],
    [
      'with the signature in the place of msg_signature',
      encryptedPush(encrypted, { parameters: { msg_signature: sign(TOKEN, TIMESTAMP, '415670741') } }),
      'msg_signature does not hold',
    ],
    [
      'with a wrong signature, although msg_signature is right',
      encryptedPush(encrypted, { parameters: { signature: '0'.repeat(40) } }),
      'signature does not hold',
    ],
    [
      'with an empty signature',
      encryptedPush(encrypted, { parameters: { signature: '' } }),
      'signature does not hold',
    ],
    [
      'with another encrypt_type',
      encryptedPush(encrypted, { parameters: { encrypt_type: 'raw' } }),
      'encrypt_type is not aes',
    ],
    [
      'with an empty encrypt_type',
      encryptedPush(encrypted, { parameters: { encrypt_type: '' } }),
      'encrypt_type is not aes',
    ],
    ['of another token', encryptedPush(encrypted, { token: 'other-token' }), 'signature does not hold'],
    [
      'of another key',
      encryptedPush(encrypt(MESSAGE, { key: OTHER_KEY })),
      'no key decrypts it for this app id',
    ],
    [
      'of another mini program',
      encryptedPush(encrypt(MESSAGE, { appId: 'wx8f16a5be77871234' })),
      'no key decrypts it for this app id',
    ],
    ['in plain', encryptedPush(encrypted, { body: MESSAGE }), 'Encrypt is missing or malformed'],
    [
      'that is 301 s old',
      encryptedPush(encrypted, { timestamp: String(Number(TIMESTAMP) - 301) }),
      'timestamp is not within 300 s',
    ],
    [
      'that is 301 s ahead',
      encryptedPush(encrypted, { timestamp: String(Number(TIMESTAMP) + 301) }),
      'timestamp is not within 300 s',
    ],
  ])('%s', (_, push, reason) => {
    expect(() => open(push)).toThrow(refusal(reason))
  })

  test.each(['signature', 'timestamp', 'nonce', 'msg_signature', 'encrypt_type', 'echostr'])(
    'with %s twice, be it the same value',
    (name) => {
      const { query, body } = encryptedPush(encrypted, { parameters: { echostr: '1' } })
      const twice = [...query, ...query.filter(([candidate]) => candidate === name)]

      expect(() => open({ query: twice, body })).toThrow(refusal(`${name} is repeated`))
    },
  )

  test.each<[string, string]>([
    ['empty', ''],
    ['blank', '   '],
    ['neither JSON nor XML', `Encrypt=${encrypted}`],
    ['a JSON list', JSON.stringify([{ Encrypt: encrypted }])],
    ['JSON with another name', JSON.stringify({ encrypt: encrypted })],
    ['JSON with a list', JSON.stringify({ Encrypt: [encrypted] })],
    ['JSON with an object', JSON.stringify({ Encrypt: { text: encrypted } })],
    ['JSON with something after it', `${JSON.stringify({ Encrypt: encrypted })}{}`],
    ['JSON with the prototype replaced', `{"__proto__":{"Encrypt":"${encrypted}"}}`],
    ['JSON too deep', `{"Encrypt":"${encrypted}","a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['XML with two', `<xml><Encrypt>${encrypted}</Encrypt><Encrypt>${encrypted}</Encrypt></xml>`],
    ['XML with another root', `<html><Encrypt>${encrypted}</Encrypt></html>`],
    ['XML with a document type', `<!DOCTYPE xml>${xmlOf(encrypted)}`],
    ['XML with an entity', `<!DOCTYPE xml [<!ENTITY e "${encrypted}">]><xml><Encrypt>&e;</Encrypt></xml>`],
    ['XML that does not end', xmlOf(encrypted).slice(0, -1)],
  ])('with a body that is %s', (_, body) => {
    expect(() => open(encryptedPush(encrypted, { body }))).toThrow(refusal('Encrypt is missing or malformed'))
  })

  test.each<[string, string]>([
    ['empty', ''],
    ['in the URL-safe alphabet', encrypt(MESSAGE.padEnd(300, '?')).replaceAll('+', '-').replaceAll('/', '_')],
    ['with a line break', `${encrypted.slice(0, 76)}\n${encrypted.slice(76)}`],
    ['with a blank for a plus', encrypted.replace(/[+/]|.$/, ' ')],
    ['without its padding', Buffer.alloc(32).toString('base64').replace(/=+$/, '')],
    ['with spare bits at the end', Buffer.alloc(32).toString('base64').replace('A=', 'B=')],
    ['of half a block', Buffer.alloc(40).toString('base64')],
    ['of no block', Buffer.alloc(8).toString('base64')],
    ['followed by something', `${encrypted}AAAA`],
  ])('with an Encrypt that is %s, although signed', (_, text) => {
    expect(() => open(encryptedPush(text))).toThrow(refusal('Encrypt is missing or malformed'))
  })

  test('with a body of more than 64 KiB, whatever it holds', () => {
    const push = encryptedPush(encrypted, { body: JSON.stringify({ Encrypt: encrypted }).padEnd(65_537) })

    expect(problemThrownBy(() => open(push)).code).toBe('PAYLOAD_TOO_LARGE')
  })

  test('and no reason says more than what is wrong', () => {
    const pushes = [
      encryptedPush(encrypt(MESSAGE, { key: OTHER_KEY })),
      encryptedPush(encrypted, { token: 'other-token' }),
      encryptedPush(encrypted, { parameters: { msg_signature: '0'.repeat(40) } }),
    ]

    for (const push of pushes) {
      const { message, options } = problemThrownBy(() => open(push))
      const told = JSON.stringify({ message, options })
      for (const secret of [TOKEN, KEY, encrypted, ...push.query.map(([, value]) => value)])
        if (secret !== 'aes') expect(told).not.toContain(secret)
    }
  })
})

describe('what a deployment has not configured', () => {
  const push = encryptedPush(encrypt(MESSAGE))

  test.each(['WECHAT_PUSH_TOKEN', 'WECHAT_PUSH_AES_KEY', 'WECHAT_APP_ID'])('%s is named', (name) => {
    const problem = problemThrownBy(() => open(push, { [name]: undefined }))

    expect(problem).toMatchObject({ code: 'CONFIG_ERROR', message: `${name} is missing.` })
  })

  test('is told to nobody but WeChat: without a signature no key is asked for', () => {
    const unsigned = encryptedPush(encrypt(MESSAGE), { parameters: { msg_signature: '0'.repeat(40) } })

    expect(() => open(unsigned, { WECHAT_PUSH_AES_KEY: undefined })).toThrow(refusal())
  })

  test('is not missed in plain mode: no key, no app id', () => {
    expect(open(plainPush(MESSAGE), { ...PLAIN, WECHAT_APP_ID: undefined }).text).toBe(MESSAGE)
  })
})

describe('a plain push', () => {
  test.each([
    ['JSON', 'json', MESSAGE],
    ['XML', 'xml', ' <xml><MsgType>event</MsgType></xml>'],
    ['neither', 'json', 'MsgType=event'],
    ['nothing', 'json', ''],
  ])('is its body: %s', (_, format, body) => {
    expect(open(plainPush(body), PLAIN)).toMatchObject({ format, text: body })
  })

  test('is its body even where that holds an Encrypt', () => {
    const body = JSON.stringify({ MsgType: 'text', Encrypt: encrypt(MESSAGE) })

    expect(open(encryptedPush(encrypt(MESSAGE), { body }), PLAIN).text).toBe(body)
  })

  test.each([
    ['without a signature', { signature: undefined }],
    ['with a wrong one', { signature: '0'.repeat(40) }],
  ])('%s is refused', (_, parameters) => {
    expect(() => open(plainPush(MESSAGE, { parameters }), PLAIN)).toThrow(refusal('signature does not hold'))
  })

  test('is refused by a deployment in encrypted mode', () => {
    expect(() => open(plainPush(MESSAGE))).toThrow(refusal('Encrypt is missing or malformed'))
  })

  test('of more than 64 KiB is too large', () => {
    expect(problemThrownBy(() => open(plainPush(Buffer.alloc(65_537)), PLAIN)).code).toBe('PAYLOAD_TOO_LARGE')
  })
})
