import { describe, expect, test } from 'vitest'
import { isSameSecret } from '../../shared/core/digest.ts'
import { rawDataSignature, sessionSignature } from '../../shared/core/sessionSignature.ts'
import { officialVector, peerVectors } from '../support/vectors.ts'

describe("WeChat's user-session signature", () => {
  const { inputs, expected } = officialVector('session-signature/post-body')
  const { sessionKey = '', message = '' } = inputs

  test("is what WeChat's guide shows", () => {
    expect(sessionSignature(sessionKey, message)).toBe(expected.signature)
  })

  test('is keyed with the text of the session key, not with the bytes it stands for', () => {
    expect(sessionSignature(sessionKey, message)).not.toBe(expected.notThis_keyBase64Decoded)
  })

  test("signs WeChat's voice-chat example too", () => {
    const voip = officialVector('voip/join-signature')

    expect(sessionSignature(voip.inputs.sessionKey ?? '', String(voip.expected.message))).toBe(
      voip.expected.signature,
    )
  })

  const sessionHmacs = peerVectors('hmac/').filter((vector) => 'sessionKey' in vector.inputs)

  test.each(sessionHmacs)('agrees with $name', ({ inputs, expected }) => {
    expect(sessionSignature(inputs.sessionKey ?? '', inputs.body ?? '')).toBe(expected.signature)
  })
})

describe("WeChat's signature of rawData", () => {
  test("is what WeChat's guide shows", () => {
    const { inputs, expected } = officialVector('open-data/rawdata-signature')

    expect(rawDataSignature(inputs.rawData ?? '', inputs.sessionKey ?? '')).toBe(expected.signature)
  })

  test.each(peerVectors('rawdata/'))('agrees with $name', ({ inputs, expected }) => {
    const { rawData = '', sessionKey = '', signature = '' } = inputs

    expect(isSameSecret(rawDataSignature(rawData, sessionKey), signature)).toBe(expected.ok)
  })
})
