import { describe, expect, test } from 'vitest'
import { hkdfSha256, hmacSha256, isSameSecret, sha1Hex, sha256Hex } from '../../shared/core/digest.ts'
import { hex, wycheproof } from '../support/vectors.ts'

test.each([
  ['SHA-256', sha256Hex, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['SHA-1', sha1Hex, 'a9993e364706816aba3e25717850c26c9cd0d89d'],
])('%s of "abc" is what FIPS 180-4 says', (_, digest, expected) => {
  expect(digest('abc')).toBe(expected)
})

test('text is digested as UTF-8', () => {
  expect(sha256Hex('微信')).toBe(sha256Hex(Buffer.from('微信', 'utf8')))
})

describe('HMAC-SHA-256', () => {
  type Parameters = { readonly tagSize: number }
  type Case = { readonly key: string; readonly msg: string; readonly tag: string }
  const whole = wycheproof<Parameters, Case>('hmac_sha256').filter(({ tagSize }) => tagSize === 256)

  test.each(whole.flatMap(({ tests }) => tests))(
    'agrees with Wycheproof $tcId ($result: $comment)',
    ({ key, msg, tag, result }) => {
      const isTag = hmacSha256(hex(key), hex(msg)).equals(hex(tag))

      expect(isTag).toBe(result === 'valid')
    },
  )
})

describe('HKDF-SHA-256 without a salt', () => {
  type Case = { ikm: string; salt: string; info: string; size: number; okm: string }
  const unsalted = wycheproof<object, Case>('hkdf_sha256')
    .flatMap(({ tests }) => tests)
    .filter(({ salt, result }) => salt === '' && result === 'valid')

  test.each(unsalted)('agrees with Wycheproof $tcId', ({ ikm, info, size, okm }) => {
    expect(hkdfSha256(hex(ikm), hex(info), size)).toEqual(hex(okm))
  })

  test('is what test case 3 of RFC 5869 says', () => {
    expect(hkdfSha256(Buffer.alloc(22, 0x0b), '', 42).toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    )
  })
})

describe('two secrets', () => {
  test.each([
    ['the same text', 'abc', 'abc', true],
    ['another text of the same length', 'abc', 'abd', false],
    ['a shorter text', 'abc', 'ab', false],
    ['a longer text', 'abc', 'abcd', false],
    ['no text at all', 'abc', '', false],
    ['two spellings that look alike', '\u00e9', 'e\u0301', false],
  ])('are compared for %s', (_, expected, claimed, isSame) => {
    expect(isSameSecret(expected, claimed)).toBe(isSame)
  })
})
