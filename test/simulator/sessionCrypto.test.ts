import { expect, test } from 'vitest'
import { encryptOpenData, signRawData, signSession } from '../../scripts/simulator/sessionCrypto.ts'
import vectors from '../vectors/auth-opendata-push.json' with { type: 'json' }

type Vector = { name: string; inputs: Record<string, string>; expected: Record<string, unknown> }

function vectorOf(name: string) {
  const vector = (vectors as unknown as Vector[]).find((each) => each.name === name)
  if (!vector) throw new Error(`no vector ${name}`)
  return { input: (field: string) => vector.inputs[field] ?? '', expected: vector.expected }
}

test("the open data of WeChat's own demo encrypts to WeChat's own ciphertext", () => {
  const { input, expected } = vectorOf('open-data/userinfo-official-demo')

  const { encryptedData } = encryptOpenData(String(expected.plaintext), input('sessionKey'), input('iv'))

  expect(encryptedData).toBe(input('encryptedData'))
})

test("raw data is signed as in WeChat's worked example", () => {
  const { input, expected } = vectorOf('open-data/rawdata-signature')

  expect(signRawData(input('rawData'), input('sessionKey'))).toBe(expected.signature)
})

test("the session signature is keyed with the text of the session key, as in WeChat's worked example", () => {
  const { input, expected } = vectorOf('session-signature/post-body')

  expect(signSession(input('message'), input('sessionKey'))).toBe(expected.signature)
})
