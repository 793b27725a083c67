import type { Machine } from './machine.ts'

/**
 * Runs a machine with one seed after another.
 *
 * @throws Error at the first seed that violates an invariant, with its trace and how to replay it
 */
export async function runSeeds(machine: Machine, firstSeed: number, count: number): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const { violation } = await runSeed(machine, seed)
    if (violation) throw new Error(await explain(machine, seed))

    // A turn of the event loop now and then, for whoever watches.
    if (seed % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

type Outcome = { readonly violation: unknown; readonly trace: readonly string[] }

export async function runSeed(machine: Machine, seed: number, isTraced = false): Promise<Outcome> {
  const { history, check } = await machine.run(seed, isTraced)
  try {
    check()
    return { violation: undefined, trace: history.trace }
  } catch (violation) {
    return { violation, trace: history.trace }
  }
}

/** The whole story of a seed, and what is wrong with it. */
export async function explain(machine: Machine, seed: number): Promise<string> {
  const { violation, trace } = await runSeed(machine, seed, true)
  const verdict = violation instanceof Error ? violation.message : 'every invariant holds'
  return [
    ...trace,
    '',
    `${machine.name} machine, seed ${seed}: ${verdict}`,
    `Replay: npm run model -- --machine ${machine.name} --seed ${seed}`,
  ].join('\n')
}
