import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { ADVERSITIES, type Adversity, exploreCase } from './model/exploreCase.ts'
import type { Machine } from './model/machine.ts'
import { explain, runSeed } from './model/runSeeds.ts'
import { sessionMachine } from './model/sessionMachine.ts'
import { SMALL_CASES } from './model/smallCases.ts'
import { tokenMachine } from './model/tokenMachine.ts'

const MACHINES: readonly Machine[] = [tokenMachine, sessionMachine]
const DEFAULT_SEEDS = '10000'

/**
 * Runs the production code under virtual time, with everything going wrong that a seed can think of.
 *
 * `--machine token --seed 123` replays one seed and tells its story; `--seeds 200000` runs as many, from
 * `--from` on, of one machine or of both; `--explore` runs the small cases in every order.
 */
async function model(): Promise<void> {
  const { values } = parseArgs({
    options: {
      machine: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string', default: DEFAULT_SEEDS },
      from: { type: 'string', default: '1' },
      explore: { type: 'boolean', default: false },
    },
  })
  const machines = MACHINES.filter(({ name }) => values.machine === undefined || values.machine === name)
  const [machine] = machines
  if (!machine) throw new Error(`--machine is one of ${MACHINES.map(({ name }) => name).join(', ')}`)

  if (values.explore) return exploreAll()
  if (values.seed !== undefined) return console.log(await explain(machine, readCount(values.seed, 'seed')))

  for (const each of machines)
    await runMany(each, readCount(values.from, 'from'), readCount(values.seeds, 'seeds'))
}

/** Goes on after a violation: the ways in which a machine fails are worth more than the first of them. */
async function runMany(machine: Machine, firstSeed: number, count: number): Promise<void> {
  const startedAtMs = performance.now()
  let failures = 0
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const { violation } = await runSeed(machine, seed)
    if (violation === undefined) continue

    failures++
    console.log(`seed ${seed}: ${violation instanceof Error ? violation.message : String(violation)}`)
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  console.log(`${machine.name}: ${count} seeds in ${seconds} s, ${failures} with a violation.`)
  if (failures > 0) {
    console.log(`Replay: npm run model -- --machine ${machine.name} --seed <seed>`)
    process.exitCode = 1
  }
}

async function exploreAll(): Promise<void> {
  for (const smallCase of SMALL_CASES) {
    for (const adversity of Object.keys(ADVERSITIES) as Adversity[]) {
      console.log(`${smallCase.name}, ${adversity}: ${await exploreCase(smallCase, adversity)} runs`)
    }
  }
}

function readCount(text: string, name: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 0) throw new Error(`--${name} is a whole number`)
  return count
}

await runCommand(import.meta.filename, model)
