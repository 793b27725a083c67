import type { Choose } from './scheduler.ts'

/**
 * Runs something once for every way in which its choices can turn out, depth first: each time from the start,
 * with the choices of the time before up to the last one that still has an alternative.
 *
 * @returns how many ways there are
 */
export async function explore(run: (choose: Choose) => Promise<void>): Promise<number> {
  let prefix: readonly number[] = []
  for (let runs = 1; ; runs++) {
    const taken = await runWith(prefix, run)
    while ((taken.at(-1)?.left ?? 1) === 0) taken.pop()
    const last = taken.pop()
    if (!last) return runs

    prefix = [...taken.map(({ index }) => index), last.index + 1]
    // A turn of the event loop now and then, for whoever watches.
    if (runs % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

type Taken = { readonly index: number; readonly left: number }

async function runWith(prefix: readonly number[], run: (choose: Choose) => Promise<void>): Promise<Taken[]> {
  const taken: Taken[] = []
  await run((count) => {
    const index = prefix[taken.length] ?? 0
    taken.push({ index, left: count - 1 - index })
    return index
  })
  return taken
}
