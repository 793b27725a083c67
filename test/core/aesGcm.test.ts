import { describe, expect, test } from 'vitest'
import { decryptAes256Gcm, encryptAes256Gcm } from '../../shared/core/aesGcm.ts'
import { hex, wycheproof } from '../support/vectors.ts'

type Parameters = { readonly ivSize: number; readonly keySize: number; readonly tagSize: number }
type Case = { key: string; iv: string; aad: string; msg: string; ct: string; tag: string }

/** Our policy: 256-bit keys, 96-bit nonces, 128-bit tags. */
const inPolicy = wycheproof<Parameters, Case>('aes_gcm')
  .filter(({ ivSize, keySize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128)
  .flatMap(({ tests }) => tests)

const parametersOf = ({ key, iv, aad }: Case) => ({
  key: hex(key),
  nonce: hex(iv),
  associatedData: hex(aad),
})

describe('AES-256-GCM', () => {
  test.each(inPolicy)('opens what Wycheproof $tcId calls $result, and nothing else', (vector) => {
    const opened = decryptAes256Gcm(hex(vector.ct + vector.tag), parametersOf(vector))

    expect(opened?.toString('hex')).toBe(vector.result === 'valid' ? vector.msg : undefined)
  })

  test.each(inPolicy.filter(({ result }) => result === 'valid'))(
    'encrypts as Wycheproof $tcId does',
    (vector) => {
      expect(encryptAes256Gcm(hex(vector.msg), parametersOf(vector)).toString('hex')).toBe(
        vector.ct + vector.tag,
      )
    },
  )

  test('does not open a text that is shorter than its tag', () => {
    const parameters = { key: Buffer.alloc(32), nonce: Buffer.alloc(12), associatedData: Buffer.alloc(0) }

    for (let length = 0; length < 16; length++)
      expect(decryptAes256Gcm(Buffer.alloc(length), parameters)).toBeUndefined()
  })
})
