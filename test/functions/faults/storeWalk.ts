import type { Code } from './cell.ts'

/**
 * How a call ends, and how many effects there are by then; then the same of its repeat once the store is well,
 * and of another beyond any lease where that one finds a beginning without an end.
 */
export type Cell = readonly [
  code: Code,
  accepted: number,
  repeat: Code,
  acceptedInAll: number,
  ...beyondLease: readonly [] | readonly [repeat: Code, acceptedInAll: number],
]

/** One operation of a call on the store, and what comes of the call when that goes wrong. */
export type Step = {
  readonly operation: string
  /** From here on the store is out of reach, does not answer or, at a write, refuses to write. */
  readonly down: Cell
  /** It was done, and nobody hears of it. */
  readonly answerLost: Cell
  /** At a write: another call writes the same record at the same moment. */
  readonly overtaken?: Cell
}

export type Walk = {
  /** In the order in which a call does them. */
  readonly steps: readonly Step[]
  /** How the call ends when others are faster at every write; absent where it writes nothing. */
  readonly contended?: readonly [code: Code, accepted: number]
}

/** A read, whose lost answer is as good as none unless it says otherwise. */
export const reads = (record: string, down: Cell, answerLost = down): Step => ({
  operation: `get ${record}`,
  down,
  answerLost,
})

/** A write, a deletion among them. */
export const writes = (operation: string, down: Cell, answerLost: Cell, overtaken: Cell): Step => ({
  operation,
  down,
  answerLost,
  overtaken,
})
