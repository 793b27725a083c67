import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  isPssSignature,
  isSoterSignature,
  parseSoterChallenge,
  parseSoterResult,
} from '../../shared/core/soterResult.ts'
import { problemOf } from '../support/problemOf.ts'
import { hex, officialVector, peerVectors, wycheproof } from '../support/vectors.ts'

const SAMPLE = {
  raw: 'a challenge',
  fid: '2313170',
  counter: 246,
  tee_n: 'tee',
  tee_v: '1',
  fp_n: 'FPC',
  fp_v: '6516',
  cpu_id: 'cpu',
  uid: '10115',
}

describe('a SOTER result', () => {
  test('is read: the challenge it answers, the counter and the device', () => {
    const json = JSON.stringify({ ...SAMPLE, fc_n: 'face', fc_v: '2', unknown: 'dropped' })

    expect(parseSoterChallenge(json)).toBe('a challenge')
    expect(parseSoterResult(json)).toEqual({
      counter: 246,
      device: {
        cpuId: 'cpu',
        uid: '10115',
        teeName: 'tee',
        teeVersion: '1',
        fingerprintName: 'FPC',
        fingerprintVersion: '6516',
        faceName: 'face',
        faceVersion: '2',
      },
    })
  })

  test('may come without a counter and without a description of the device', () => {
    expect(parseSoterResult('{"raw":"x","cpu_id":"cpu","uid":"1"}')).toEqual({
      device: { cpuId: 'cpu', uid: '1' },
    })
  })

  test.each([
    ['not JSON', '{"raw":', 'is not a JSON object'],
    ['a text', '"raw"', 'is not a JSON object'],
    ['null', 'null', 'is not a JSON object'],
    ['a list', '[{"raw":"x"}]', 'is not a JSON object'],
  ])('is an invalid argument when it is %s', (_, json, reason) => {
    const expected = { code: 'INVALID_ARGUMENT', field: 'resultJSON', reason }

    expect(problemOf(() => parseSoterChallenge(json))).toEqual(expected)
    expect(problemOf(() => parseSoterResult(json))).toEqual(expected)
  })

  test.each([undefined, 1, null, ['x'], {}])('is refused when the challenge is %j', (raw) => {
    expect(problemOf(() => parseSoterChallenge(JSON.stringify({ ...SAMPLE, raw })))).toEqual({
      code: 'BIOMETRIC_FAILED',
    })
  })

  test.each([
    { cpu_id: undefined },
    { cpu_id: '' },
    { cpu_id: 7 },
    { cpu_id: 'x'.repeat(257) },
    { uid: undefined },
    { uid: 10115 },
    { counter: '246' },
    { counter: -1 },
    { counter: 1.5 },
    { counter: 2 ** 53 },
    { counter: null },
    { counter: true },
  ])('is refused with %j', (change) => {
    expect(problemOf(() => parseSoterResult(JSON.stringify({ ...SAMPLE, ...change })))).toEqual({
      code: 'BIOMETRIC_FAILED',
    })
  })

  test.each([0, 2 ** 53 - 1])('may have a counter of %d', (counter) => {
    expect(parseSoterResult(JSON.stringify({ ...SAMPLE, counter }))).toMatchObject({ counter })
  })
})

type SoterVector = { publicKey: KeyObject; message: Buffer; signature: Buffer }

const read = ({ publicKeyPem = '', messageBase64 = '', signatureBase64 = '' }): SoterVector => ({
  publicKey: createPublicKey(publicKeyPem),
  message: Buffer.from(messageBase64, 'base64'),
  signature: Buffer.from(signatureBase64, 'base64'),
})

describe("Tencent's own SOTER samples", () => {
  const names = [
    'soter/authkey-signed-by-ask',
    'soter/result-json-signed-by-authkey',
    'soter/authkey-signed-by-ask-cert-salt32',
    'soter/result-json-signed-by-authkey-salt32',
  ]

  test.each(names)('%s verifies with its own salt and not with the other', (name) => {
    const { inputs, expected } = officialVector(name)
    const { publicKey, message, signature } = read(inputs)

    for (const saltBytes of [20, 32] as const)
      expect(isPssSignature(message, signature, publicKey, saltBytes)).toBe(expected.saltLength === saltBytes)
  })

  test.each(names.filter((name) => name.includes('result-json')))('%s is a signed result', (name) => {
    const { inputs, expected } = officialVector(name)
    const { publicKey, message, signature } = read(inputs)
    const { raw, counter, cpu_id: cpuId, uid } = expected.parsed as Record<string, string>

    expect(isSoterSignature(message.toString(), signature, publicKey)).toBe(true)
    expect(parseSoterChallenge(message.toString())).toBe(raw)
    expect(parseSoterResult(message.toString())).toMatchObject({ counter, device: { cpuId, uid } })
  })

  test('do not verify once the counter is another', () => {
    const { publicKey, message, signature } = read(
      officialVector('soter/result-json-tampered-counter').inputs,
    )

    expect(isSoterSignature(message.toString(), signature, publicKey)).toBe(false)
  })

  const results = peerVectors('soter/').filter(
    ({ inputs, expected }) => inputs.signatureBase64 && (expected.raw || expected.ok === false),
  )

  test.each(results)('$name, in the hands of another library', ({ name, inputs, expected }) => {
    const { publicKeyPem = '', json = '', signatureBase64 = '' } = inputs
    const isSigned = isSoterSignature(
      json,
      Buffer.from(signatureBase64, 'base64'),
      createPublicKey(publicKeyPem),
    )

    // A verifier fixed to 32 refuses this genuine signature; we go by what the JSON declares.
    expect(isSigned).toBe(expected.ok === true || name === 'soter/neg-final-salt-fixed-32')
  })
})

describe('a SOTER signature', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signed = (json: string, saltLength: number, key = privateKey, hash = 'sha256') =>
    sign(hash, Buffer.from(json), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })

  const plain = JSON.stringify(SAMPLE)
  const declaring = (salt: unknown) => JSON.stringify({ ...SAMPLE, rsa_pss_saltlen: salt })

  test.each([
    ['20 and nothing is declared', plain, 20, true],
    ['32 and nothing is declared', plain, 32, false],
    ['20 as declared', declaring(20), 20, true],
    ['32 as declared', declaring(32), 32, true],
    ['20 where 32 is declared', declaring(32), 20, false],
    ['32 where 20 is declared', declaring(20), 32, false],
    ['0 as declared', declaring(0), 0, false],
    ['64 as declared', declaring(64), 64, false],
    ['32 where "32" is declared', declaring('32'), 32, false],
    ['32 where 32.5 is declared', declaring(32.5), 32, false],
    ['20 where null is declared', declaring(null), 20, false],
    [
      '32 as declared in an object inside',
      JSON.stringify({ ...SAMPLE, x: { rsa_pss_saltlen: 32 } }),
      32,
      false,
    ],
  ])('has a salt of %s', (_, json, saltBytes, isSigned) => {
    expect(isSoterSignature(json, signed(json, saltBytes), publicKey)).toBe(isSigned)
  })

  test('is of these very bytes: the same JSON written another way is refused', () => {
    expect(isSoterSignature(JSON.stringify(SAMPLE, null, 1), signed(plain, 20), publicKey)).toBe(false)
  })

  test('is refused under another hash', () => {
    expect(isSoterSignature(plain, signed(plain, 20, privateKey, 'sha1'), publicKey)).toBe(false)
  })

  test('is refused under another key', () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

    expect(isSoterSignature(plain, signed(plain, 20), other.publicKey)).toBe(false)
  })

  test('is refused under a key of less than 2048 bits', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 })

    expect(isSoterSignature(plain, signed(plain, 20, short.privateKey), short.publicKey)).toBe(false)
  })

  test('is refused under a key that is not RSA', () => {
    const { publicKey: curve } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

    expect(isSoterSignature(plain, signed(plain, 20), curve)).toBe(false)
  })

  test('is refused with any one bit changed', () => {
    const signature = signed(plain, 20)
    for (let bit = 0; bit < signature.length * 8; bit += 17) {
      const edited = Buffer.from(signature)
      edited[bit >> 3] = (edited[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(isSoterSignature(plain, edited, publicKey)).toBe(false)
    }
  })
})

describe('RSA-PSS of Project Wycheproof under our policy', () => {
  type Parameters = { sha: string; mgfSha: string; sLen: number; publicKeyPem: string }
  const files = [
    'rsa_pss_2048_sha1_mgf1_20',
    'rsa_pss_2048_sha256_mgf1_0',
    'rsa_pss_2048_sha256_mgf1_32',
    'rsa_pss_2048_sha256_mgf1sha1_20',
    'rsa_pss_3072_sha256_mgf1_32',
    'rsa_pss_4096_sha256_mgf1_32',
    'rsa_pss_misc',
  ]
  const groups = files.flatMap((file) => wycheproof<Parameters, { msg: string; sig: string }>(file))

  /** Each file knows one salt. What it calls invalid for having another may be the one that we want. */
  const isValidUnder = (saltBytes: number, group: Parameters, test: { comment: string; result: string }) =>
    group.sha === 'SHA-256' &&
    group.mgfSha === 'SHA-256' &&
    (group.sLen === saltBytes ? test.result === 'valid' : test.comment === `s_len changed to ${saltBytes}`)

  test.each([
    [20, 5],
    [32, 191],
  ] as const)('a salt of %d is found in exactly the %d entries that have it', (saltBytes, count) => {
    const verdicts = groups.flatMap((group) => {
      const publicKey = createPublicKey(group.publicKeyPem)
      return group.tests.map((test) => ({
        isAccepted: isPssSignature(hex(test.msg), hex(test.sig), publicKey, saltBytes),
        isValid: isValidUnder(saltBytes, group, test),
      }))
    })

    expect(verdicts).toHaveLength(773)
    expect(verdicts.filter(({ isAccepted }) => isAccepted)).toHaveLength(count)
    expect(verdicts.filter(({ isAccepted, isValid }) => isAccepted !== isValid)).toEqual([])
  })
})
