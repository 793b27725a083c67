import { test } from 'vitest'
import { runSeeds } from '../../scripts/model/runSeeds.ts'
import { sessionMachine } from '../../scripts/model/sessionMachine.ts'

const SEEDS = 4500

test(`sessions and their keys keep their invariants in ${SEEDS} random schedules`, async () => {
  await runSeeds(sessionMachine, 1, SEEDS)
}, 300_000)
