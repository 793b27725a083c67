import { type Contender, createContenders, WX_CONTEXT } from './contenders.ts'
import type { Deployment } from './deployment.ts'
import type { Aim, Row, Section } from './report.ts'
import { requireAnswer, runProgram } from './runProgram.ts'
import { type Distribution, distributionOf } from './statistics.ts'

const MAX_ROUNDS = 15
const MIN_ROUNDS = 5
/** On a busy machine there are fewer rounds instead of a longer wait. */
const BUDGET_MS = 26_000

const MAX_OVER_EMPTY: Aim = { atMost: 10 }

type Measured = { readonly loadMs: number; readonly firstReplyMs: number; readonly processMs: number }

type Measurements = ReadonlyMap<Contender, readonly Measured[]>

/** The time that a new process takes to load a function, and to answer its first call. */
export async function measureColdStart(deployment: Deployment): Promise<readonly Section[]> {
  const { onCloudBase, onLambda } = await createContenders(deployment)
  const measured = await measureInTurns([...onCloudBase, ...onLambda])
  const toSection = (title: string, contenders: readonly Contender[]): Section => ({
    title,
    notes: [
      `Medians of ${measured.values().next().value?.length} new processes each, which took turns; in brackets the middle half.`,
      'Shares are of *, for checkContent of **, for CloudBase’s database of ***.',
      'All servers are on this machine, without TLS.',
    ],
    columns: ['load, ms', 'more than empty, ms', 'load + first reply, ms', 'share', 'whole process, ms'],
    rows: contenders.map((contender) => toRow(contender, contenders[0], measured)),
  })
  return [
    toSection('2. Cold start on CloudBase (require)', onCloudBase),
    toSection('3. Cold start on Lambda (import)', onLambda),
  ]
}

/** One of each, then the next of each: whatever else the machine does meanwhile, it does to all of them. */
async function measureInTurns(contenders: readonly Contender[]): Promise<Measurements> {
  const measured = new Map(contenders.map((contender): [Contender, Measured[]] => [contender, []]))
  // The first round finds files that are not in memory and servers that have not run yet.
  for (const contender of contenders) await measureOnce(contender)

  const startedAtMs = performance.now()
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (round >= MIN_ROUNDS && performance.now() - startedAtMs > BUDGET_MS) break
    for (const [contender, times] of measured) times.push(await measureOnce(contender))
  }
  return measured
}

async function measureOnce({ file, call, environment }: Contender): Promise<Measured> {
  const { event, context, answer } = call
  const { result, processMs } = await runProgram('coldCall', { file, event, context }, environment)
  requireAnswer(result.reply, answer)

  return { loadMs: result.loadMs, firstReplyMs: result.firstReplyMs, processMs }
}

function toRow(contender: Contender, empty: Contender | undefined, measured: Measurements): Row {
  const timesOf = (subject: Contender | undefined, name: keyof Measured): Distribution =>
    distributionOf((subject && measured.get(subject))?.map((times) => times[name]) ?? [])
  const { name, measure = WX_CONTEXT, shareAim } = contender
  const load = timesOf(contender, 'loadMs')
  const firstReply = timesOf(contender, 'firstReplyMs')
  const handWritten = [...measured.keys()].find((other) => other.name === measure)

  return {
    name,
    cells: [
      { value: load.median, spread: load },
      contender === empty
        ? undefined
        : { value: load.median - timesOf(empty, 'loadMs').median, aim: shareAim && MAX_OVER_EMPTY },
      { value: firstReply.median, spread: firstReply },
      { value: firstReply.median / timesOf(handWritten, 'firstReplyMs').median, digits: 2, aim: shareAim },
      { value: timesOf(contender, 'processMs').median, digits: 0 },
    ],
  }
}
