import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import { openPush } from '../../shared/push/openPush.ts'
import { verifyUrl } from '../../shared/push/verifyUrl.ts'
import { encrypt, encryptedPush, NOW_MS, PLAIN, type Push, refusal, settingsOf } from './pushes.ts'

const MESSAGE = '{"MsgType":"event","Event":"subscribe_msg_popup_event"}'
const ENCRYPTED = encrypt(MESSAGE)
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='

const open = (push: Push, variables = {}) => openPush(push, settingsOf(variables), NOW_MS)

describe('an encrypted push with one byte changed is refused', () => {
  const bodies = {
    JSON: `{"Encrypt":"${ENCRYPTED}"}`,
    XML: `<xml><Encrypt><![CDATA[${ENCRYPTED}]]></Encrypt></xml>`,
  }

  test.each(Object.entries(bodies))('wherever it is in the %s', (_, body) => {
    expect(open(encryptedPush(ENCRYPTED, { body })).text).toBe(MESSAGE)

    for (let index = 0; index < body.length; index += 1) {
      for (const change of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
        const push = encryptedPush(ENCRYPTED, { body })
        push.body[index] = (push.body[index] ?? 0) ^ change

        expect(() => open(push), `byte ${index} with ${change}`).toThrow(refusal())
      }
    }
  })

  test('be it any character of the base64 alphabet in any place of Encrypt', () => {
    const start = '{"Encrypt":"'.length
    for (let index = start; index < start + ENCRYPTED.length; index += 1) {
      for (const character of BASE64) {
        const push = encryptedPush(ENCRYPTED, { body: bodies.JSON })
        if (push.body[index] === character.charCodeAt(0)) continue

        push.body.write(character, index)
        expect(() => open(push), `${character} at ${index}`).toThrow(refusal())
      }
    }
  })

  test('be it in a parameter of the URL', () => {
    const { query, body } = encryptedPush(ENCRYPTED, { body: bodies.JSON })

    for (const [place, [name, value]] of query.entries()) {
      if (name === 'openid') continue
      for (let index = 0; index < value.length; index += 1) {
        const changed = `${value.slice(0, index)}${value[index] === '1' ? '2' : '1'}${value.slice(index + 1)}`
        const edited = query.with(place, [name, changed])

        expect(() => open({ query: edited, body }), `${name} at ${index}`).toThrow(refusal())
      }
    }
  })

  test('or with one byte taken away, or put in, anywhere', () => {
    for (let index = 0; index < bodies.JSON.length; index += 1) {
      const [before, after] = [bodies.JSON.slice(0, index), bodies.JSON.slice(index)]

      expect(() => open(encryptedPush(ENCRYPTED, { body: before + after.slice(1) }))).toThrow(refusal())
      expect(() => open(encryptedPush(ENCRYPTED, { body: `${before}A${after}` }))).toThrow(refusal())
    }
  })
})

describe('whatever comes', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'signature',
      'timestamp',
      'nonce',
      'msg_signature',
      'echostr',
      'encrypt_type',
      '__proto__',
    ),
    fc.string(),
  )
  const query = fc.array(fc.tuple(name, fc.oneof(fc.string({ unit: 'binary' }), fc.constant('1768464000'))))
  const bytes = fc.uint8Array({ maxLength: 400 })

  const onlyProblems = (work: () => unknown): void => {
    try {
      work()
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(Problem)
    }
  }

  test('verifying a URL and opening a push throw nothing but problems', () => {
    fc.assert(
      fc.property(query, bytes, fc.boolean(), (parameters, body, isPlain) => {
        const settings = settingsOf(isPlain ? PLAIN : {})
        onlyProblems(() => verifyUrl(parameters, settings, NOW_MS))
        onlyProblems(() => openPush({ query: parameters, body }, settings, NOW_MS))
      }),
    )
  })

  test('a signed push with any ciphertext, any body and any message throws nothing but problems', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.string(), (ciphertext, message, body) => {
        onlyProblems(() => open(encryptedPush(Buffer.from(ciphertext).toString('base64'))))
        onlyProblems(() => open(encryptedPush(ENCRYPTED, { body })))
        onlyProblems(() => open(encryptedPush(ENCRYPTED, { body: `<xml>${body}</xml>` })))
        expect(open(encryptedPush(encrypt(message))).text).toBe(
          new TextDecoder().decode(message).replaceAll('\0', '\ufffd'),
        )
      }),
    )
  })
})
