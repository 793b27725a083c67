import { requireAnswer, runProgram } from './runProgram.ts'
import { type Distribution, distributionOf } from './statistics.ts'

type WarmTask = {
  readonly file: string
  /** What to compare with; without it a handler that returns the same object. */
  readonly bareFile?: string
  readonly event: unknown
  readonly context?: object
}

const ROUNDS = { rounds: 40, callsPerRound: 500 }

/** Microseconds per call of a handler and of a bare one, warm, in turns and in one process. */
export async function compareWarm(
  task: WarmTask,
  answer: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly ours: Distribution; readonly bare: Distribution }> {
  const { result } = await runProgram('warmCalls', { ...task, ...ROUNDS }, environment)
  requireAnswer(result.reply, answer)

  return {
    ours: distributionOf(result.measured.map(({ ourMicros }) => ourMicros)),
    bare: distributionOf(result.measured.map(({ bareMicros }) => bareMicros)),
  }
}
