import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decryptAes128Cbc } from '../../shared/core/aesCbc.ts'
import { hex, wycheproof } from '../support/vectors.ts'

type Case = { key: string; iv: string; msg: string; ct: string }

const inPolicy = wycheproof<{ keySize: number }, Case>('aes_cbc_pkcs5')
  .filter(({ keySize }) => keySize === 128)
  .flatMap(({ tests }) => tests)

describe('AES-128-CBC with PKCS#7', () => {
  test.each(inPolicy)(
    'has a padding exactly when Wycheproof $tcId is valid ($comment)',
    ({ key, iv, msg, ct, result }) => {
      const { bytes, isPadded } = decryptAes128Cbc(hex(ct), hex(key), hex(iv))

      expect(isPadded).toBe(result === 'valid')
      if (isPadded) expect(bytes.toString('hex')).toBe(msg)
    },
  )

  test('gives the whole text where the padding is wrong, so that reading on costs the same', () => {
    const [key, iv] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)]
    const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false)
    const ciphertext = cipher.update(Buffer.from('{"padded":false}'))

    expect(decryptAes128Cbc(ciphertext, key, iv)).toEqual({
      bytes: Buffer.from('{"padded":false}'),
      isPadded: false,
    })
  })
})
