import { systemRandom } from '../../shared/platform/systemRandom.ts'
import type { Random } from '../../shared/ports/random.ts'

/** Randomness without jitter, so that what is repeated is repeated at once. */
export const promptRandom: Random = { ...systemRandom, fraction: () => 0 }
