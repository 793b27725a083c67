import { describe, expect, test } from 'vitest'
import { seal, unseal } from '../../shared/core/seal.ts'
import { keyRing } from '../support/keyRing.ts'

const PLACE = 'wx1:account:alice'
const NONCE = Buffer.from('000102030405060708090a0b', 'hex')

const sealed = seal('the session key', PLACE, keyRing('k1'), NONCE)

describe('a sealed text', () => {
  test.each(['', 'the session key', '微信 🔑', '\0', 'x'.repeat(100_000)])(
    'is read back as it was',
    (text) => {
      expect(unseal(seal(text, PLACE, keyRing('k1'), NONCE), PLACE, keyRing('k1'))).toBe(text)
    },
  )

  test('names its format and its key, and shows nothing of the text or its place', () => {
    expect(sealed).toMatch(/^v1\.k1\.[\w-]+$/)
    const bytes = Buffer.from(sealed, 'base64url').toString('latin1')
    for (const secret of ['session', 'account', 'alice']) expect(bytes).not.toContain(secret)
  })

  test('opens at its own place and at no other', () => {
    for (const place of ['wx1:account:bob', 'wx2:account:alice', 'wx1:effect:alice', `${PLACE} `, ''])
      expect(unseal(sealed, place, keyRing('k1'))).toBeUndefined()
  })

  test('does not open once any one of its characters is another', () => {
    const openings = [...sealed].flatMap((original, at) =>
      ['A', 'B', 'g', '_', '.', '=', '\n']
        .filter((other) => other !== original)
        .map((other) => unseal(sealed.slice(0, at) + other + sealed.slice(at + 1), PLACE, keyRing('k1'))),
    )

    expect(new Set(openings)).toEqual(new Set([undefined]))
  })

  test('does not open once any one of its bits is another', () => {
    const [version, keyId, body = ''] = sealed.split('.')
    const bytes = Buffer.from(body, 'base64url')
    const openings = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const edited = Buffer.from(bytes)
      edited[bit >> 3] = (edited[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return unseal(`${version}.${keyId}.${edited.toString('base64url')}`, PLACE, keyRing('k1'))
    })

    expect(new Set(openings)).toEqual(new Set([undefined]))
  })

  test('does not open when it is cut, lengthened or not one at all', () => {
    const cuts = Array.from(sealed, (_, length) => sealed.slice(0, length))

    for (const text of [...cuts, `${sealed}A`, `${sealed}\n`, `${sealed}.x`, 'v1.k1.', 'v2.k1.AAAA', '{}'])
      expect(unseal(text, PLACE, keyRing('k1')), text).toBeUndefined()
  })
})

describe('the keys of the deployment', () => {
  const [before, between, after] = [keyRing('k1'), keyRing('k2', 'k1'), keyRing('k2')]

  test('rotate: what the previous key sealed is still read', () => {
    expect(unseal(sealed, PLACE, between)).toBe('the session key')
  })

  test('rotate: what is written now is sealed with the first key', () => {
    const written = seal('new', PLACE, between, NONCE)

    expect(written).toMatch(/^v1\.k2\./)
    expect(unseal(written, PLACE, after)).toBe('new')
    expect(unseal(written, PLACE, before)).toBeUndefined()
  })

  test('rotate: what a retired key sealed is refused', () => {
    expect(unseal(sealed, PLACE, after)).toBeUndefined()
  })

  test('cannot be swapped: a text under one key does not open under the name of another', () => {
    expect(unseal(sealed.replace('.k1.', '.k2.'), PLACE, between)).toBeUndefined()
  })

  test('are never used twice: each purpose and each key has its own', () => {
    const ring = keyRing('k2', 'k1')
    const derived = ['k1', 'k2'].flatMap((id) =>
      ['seal', 'log', 'soter proof'].map((purpose) => ring.derive(id, purpose).toString('hex')),
    )

    expect(new Set(derived).size).toBe(6)
  })

  test('give a user the same pseudonym every time, which tells nothing without the key', () => {
    expect(keyRing('k1').pseudonym('openid-1')).toBe(keyRing('k1').pseudonym('openid-1'))
    expect(keyRing('k1').pseudonym('openid-1')).not.toBe(keyRing('k1').pseudonym('openid-2'))
    expect(keyRing('k1').pseudonym('openid-1')).not.toBe(keyRing('k2').pseudonym('openid-1'))
  })
})
