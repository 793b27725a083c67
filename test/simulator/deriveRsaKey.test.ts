import { createHash, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { deriveRsaKey } from '../../scripts/simulator/deriveRsaKey.ts'

test('a seed gives the same key of 2048 bits in every process', () => {
  const key = deriveRsaKey('a device')

  expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n })
  expect(
    createHash('sha256')
      .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  ).toBe('c25ae1349b23b404b69361b207a7dc46acafe560c90a1559cec6a2192d108f4a')
})
