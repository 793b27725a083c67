import { randomBytes } from 'node:crypto'
import type { Random } from '../ports/random.ts'

/** The machine's randomness. */
export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => Math.random(),
}
