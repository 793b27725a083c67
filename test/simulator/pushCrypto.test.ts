import { expect, test } from 'vitest'
import { openPush, sealPush, signPush } from '../../scripts/simulator/push/pushCrypto.ts'
import { readPushReply } from '../../scripts/simulator/push/pushReply.ts'
import vectors from '../vectors/auth-opendata-push.json' with { type: 'json' }

type Vector = {
  readonly name: string
  readonly inputs: Record<string, string>
  readonly expected: Record<string, string>
}

/** A public vector with all its texts. */
function vector(name: string): Vector {
  const found = vectors.find((entry) => entry.name === `push/${name}`)
  if (!found) throw new Error(`there is no vector ${name}`)
  return found as unknown as Vector
}

const textOf = (fields: Record<string, string>, name: string) => fields[name] ?? ''
const keyOf = ({ inputs }: Vector) => ({
  aesKey: textOf(inputs, 'encodingAESKey'),
  appId: textOf(inputs, 'appid'),
})

test.each(['url-verify', 'plain-mode-signature'])('the signature is that of the vector %s', (name) => {
  const { inputs, expected } = vector(name)

  expect(signPush(textOf(inputs, 'token'), textOf(inputs, 'timestamp'), textOf(inputs, 'nonce'))).toBe(
    expected.signature,
  )
})

test.each([
  ['secure-mode-json', 'inputs'],
  ['secure-mode-xml', 'inputs'],
  ['msg-signature-only', 'expected'],
] as const)('the signature over the encrypted text is that of the vector %s', (name, place) => {
  const found = vector(name)
  const [token, timestamp, nonce, encrypted] = ['token', 'timestamp', 'nonce', 'Encrypt'].map((field) =>
    textOf(found.inputs, field),
  )

  expect(signPush(token ?? '', timestamp ?? '', nonce ?? '', encrypted ?? '')).toBe(
    found[place].msg_signature,
  )
})

test.each(['secure-mode-json', 'secure-mode-xml'])(
  'the vector %s is decrypted and encrypted again',
  (name) => {
    const found = vector(name)
    const { inputs, expected } = found

    const message = openPush(textOf(inputs, 'Encrypt'), keyOf(found))

    expect(message).toBe(expected.msg)
    expect(sealPush(message, keyOf(found), Buffer.from(textOf(expected, 'random')))).toBe(inputs.Encrypt)
  },
)

test('the official encrypted reply is made as it is, and read as a reply', () => {
  const found = vector('secure-mode-reply')
  const { inputs, expected } = found
  const target = { url: '', token: textOf(inputs, 'token'), aesKey: keyOf(found).aesKey }

  expect(sealPush(textOf(inputs, 'msg'), keyOf(found), Buffer.from(textOf(inputs, 'random16')))).toBe(
    expected.Encrypt,
  )
  const { Encrypt, MsgSignature, TimeStamp, Nonce } = expected
  const body = JSON.stringify({ Encrypt, MsgSignature, TimeStamp, Nonce })
  expect(readPushReply(body, target, keyOf(found).appId)).toEqual({ demo_resp: 'good luck' })
})

const KEY = { aesKey: 'A'.repeat(43), appId: 'wx0123456789abcdef' }

test.each([0, 1, 11, 12, 13, 31, 32, 33, 1000])('a message of %i bytes comes back', (bytes) => {
  const message = 'x'.repeat(bytes)

  expect(openPush(sealPush(message, KEY), KEY)).toBe(message)
})

test('the same message is never encrypted to the same text', () => {
  expect(sealPush('message', KEY)).not.toBe(sealPush('message', KEY))
})

test.each([
  ['made for another app', sealPush('message', { ...KEY, appId: 'wx-other' }), /app id/],
  ['made with another key', sealPush('message', { ...KEY, aesKey: 'B'.repeat(43) }), /padding/],
  ['cut off', sealPush('message', KEY).slice(0, 20), /./],
  ['empty', '', /padding/],
])('a text that was %s is not decrypted', (_case, sealed, message) => {
  expect(() => openPush(sealed, KEY)).toThrow(message)
})
