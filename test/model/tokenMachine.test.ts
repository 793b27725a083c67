import { test } from 'vitest'
import { runSeeds } from '../../scripts/model/runSeeds.ts'
import { tokenMachine } from '../../scripts/model/tokenMachine.ts'

const SEEDS = 5500

test(`the access token keeps its invariants in ${SEEDS} random schedules`, async () => {
  await runSeeds(tokenMachine, 1, SEEDS)
}, 300_000)
