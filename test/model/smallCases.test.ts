import { describe, expect, test } from 'vitest'
import { type Adversity, exploreCase } from '../../scripts/model/exploreCase.ts'
import { SMALL_CASES } from '../../scripts/model/smallCases.ts'

/** How many runs there are at least: every order of the effects, times every effect that meets the adversity. */
const ADVERSITIES: readonly {
  readonly adversity: Adversity
  readonly what: string
  readonly minRuns: number
}[] = [
  { adversity: 'none', what: 'in every order of their effects', minRuns: 20 },
  { adversity: 'kill', what: 'with either killed before or after any effect', minRuns: 150 },
  { adversity: 'loss', what: 'with any effect, or its answer, lost', minRuns: 150 },
  { adversity: 'delay', what: 'with any effect delayed, also beyond a lease', minRuns: 100 },
]

for (const smallCase of SMALL_CASES) {
  describe(smallCase.name, () => {
    for (const { adversity, what, minRuns } of ADVERSITIES) {
      test(`keep every invariant ${what}, in ${minRuns} runs and more`, async () => {
        expect(await exploreCase(smallCase, adversity)).toBeGreaterThanOrEqual(minRuns)
      }, 300_000)
    }
  })
}
