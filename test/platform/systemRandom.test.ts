import { expect, test } from 'vitest'
import { systemRandom } from '../../shared/platform/systemRandom.ts'

test('random bytes have the length that was asked for and do not repeat', () => {
  const first = systemRandom.bytes(16)

  expect(first).toHaveLength(16)
  expect(Buffer.from(first)).not.toEqual(Buffer.from(systemRandom.bytes(16)))
})

test('random fractions stay within [0, 1)', () => {
  for (let round = 0; round < 1000; round++) {
    const fraction = systemRandom.fraction()
    expect(fraction >= 0 && fraction < 1).toBe(true)
  }
})
