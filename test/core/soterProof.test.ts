import { describe, expect, test } from 'vitest'
import { hmacSha256 } from '../../shared/core/digest.ts'
import { signSoterProof, verifySoterProof } from '../../shared/core/soterProof.ts'
import { keyRing } from '../support/keyRing.ts'

const NOW_MS = 1_768_464_000_000
const KEYS = keyRing('k1')
const CONFIRMED = { appId: 'wx1', openid: 'o1', purpose: 'pay', action: 'order-1' }
const EXPECTED = { appId: 'wx1', purpose: 'pay', nowMs: NOW_MS }

const proof = signSoterProof({ ...CONFIRMED, nowMs: NOW_MS }, KEYS)

describe('a proof of a biometric confirmation', () => {
  test('tells another function who confirmed what, and when', () => {
    expect(verifySoterProof(proof, EXPECTED, KEYS)).toEqual({
      ...CONFIRMED,
      issuedAtMs: NOW_MS,
      expiresAtMs: NOW_MS + 300_000,
    })
  })

  test('leaves the action out where there was none', () => {
    const { action: _, ...without } = CONFIRMED

    expect(
      verifySoterProof(signSoterProof({ ...without, nowMs: NOW_MS }, KEYS), EXPECTED, KEYS),
    ).not.toHaveProperty('action')
  })

  test.each([
    ['for another purpose', { purpose: 'login' }],
    ['for another mini program', { appId: 'wx2' }],
    ['after five minutes', { nowMs: NOW_MS + 300_000 }],
  ])('is worth nothing %s', (_, change) => {
    expect(verifySoterProof(proof, { ...EXPECTED, ...change }, KEYS)).toBeUndefined()
  })

  test('is good until the last millisecond of its five minutes', () => {
    expect(verifySoterProof(proof, { ...EXPECTED, nowMs: NOW_MS + 299_999 }, KEYS)).toBeDefined()
  })

  test('is good under a previous key, and worth nothing once that is retired', () => {
    expect(verifySoterProof(proof, EXPECTED, keyRing('k2', 'k1'))).toBeDefined()
    expect(verifySoterProof(proof, EXPECTED, keyRing('k2'))).toBeUndefined()
  })

  test('is worth nothing once any one of its characters is another', () => {
    for (let at = 0; at < proof.length; at++)
      for (const other of ['A', 'B', '_', '.', '=', ' '])
        if (proof[at] !== other)
          expect(
            verifySoterProof(proof.slice(0, at) + other + proof.slice(at + 1), EXPECTED, KEYS),
          ).toBeUndefined()
  })

  const [header = '', payload = '', signature = ''] = proof.split('.')
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signedFor = (anyHeader: string, purpose: string) => {
    const body = `${anyHeader}.${payload}`
    return `${body}.${hmacSha256(KEYS.derive('k1', purpose), body).toString('base64url')}`
  }

  test.each([
    ['nothing', ''],
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${proof}.x`],
    ['no signature', `${header}.${payload}.`],
    ['the algorithm "none"', `${encode({ alg: 'none', kid: 'k1' })}.${payload}.`],
    ['another algorithm', signedFor(encode({ alg: 'HS512', kid: 'k1' }), 'soter proof')],
    ['an unknown key', signedFor(encode({ alg: 'HS256', kid: 'k9' }), 'soter proof')],
    ['a key id of another type', signedFor(encode({ alg: 'HS256', kid: ['k1'] }), 'soter proof')],
    ['a key made for something else', signedFor(header, 'seal')],
    ['a header of null', `${encode(null)}.${payload}.${signature}`],
    ['a header of text', `${encode('HS256')}.${payload}.${signature}`],
    ['a header that is no JSON', `e30x.${payload}.${signature}`],
  ])('is none when it has %s', (_, text) => {
    expect(verifySoterProof(text, EXPECTED, KEYS)).toBeUndefined()
  })
})
