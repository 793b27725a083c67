import type { Reply } from '../../shared/function/reply.ts'
import type { Effect, Fault } from './effect.ts'
import type { Instance } from './instance.ts'

/** One call of a function, from its start to its reply. Who was killed never replied. */
export type CallEntry = {
  readonly id: number
  readonly instance: Instance
  readonly name: string
  readonly startedAtMs: number
  /** When the reply must be there. */
  readonly deadlineAtMs: number
  endedAtMs?: number
  reply?: Reply
}

/** One request as WeChat saw it, or would have seen it. */
export type RequestEntry = {
  readonly instance: Instance
  readonly path: string
  readonly sentAtMs: number
  readonly arrivedAtMs: number
  readonly fault: Fault | undefined
  /** The access token that it carried. */
  readonly token: string | undefined
  /** What the body or the query says beyond that. */
  readonly subject: string
  /** What WeChat answered, whether or not the answer arrived; absent for what it never saw. */
  readonly answer?: Readonly<Record<string, unknown>>
  /** Whether the answer came back before its sender gave it up. */
  isHeard: boolean
}

/** One write that the store made. */
export type WriteEntry = {
  readonly instance: Instance
  readonly atMs: number
  readonly key: string
  readonly body: string
}

export type FaultEntry = Effect & { readonly atMs: number; readonly fault: Fault | 'slow' }

/** Something that was done to an instance, or to all tokens. */
export type StrikeEntry = {
  readonly kind: 'kill' | 'freeze' | 'tokensKilled' | 'otherParty'
  readonly atMs: number
  readonly untilMs: number
  readonly instance?: Instance
}

/** All that happened in one run, for the invariants to be checked against. */
export type History = {
  readonly calls: CallEntry[]
  readonly requests: RequestEntry[]
  readonly writes: WriteEntry[]
  /** How often each instance has read a record. */
  readonly reads: Map<Instance, number>
  readonly faults: FaultEntry[]
  readonly strikes: StrikeEntry[]
  readonly logLines: string[]
  /** The readable course of things, kept only where somebody will read it. */
  readonly trace: string[]
  note(line: () => string): void
}

export function createHistory(nowMs: () => number, isTraced: boolean): History {
  const startMs = nowMs()
  const trace: string[] = []
  return {
    calls: [],
    requests: [],
    writes: [],
    reads: new Map(),
    faults: [],
    strikes: [],
    logLines: [],
    trace,
    note(line) {
      if (isTraced) trace.push(`${((nowMs() - startMs) / 1000).toFixed(3).padStart(10)}  ${line()}`)
    },
  }
}

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: string

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`)
    this.invariant = invariant
  }
}

/** @throws Violation */
export function require(holds: boolean, invariant: string, detail: () => string): void {
  if (!holds) throw new Violation(invariant, detail())
}

export const codeOf = (reply: Reply | undefined): string =>
  reply === undefined ? 'no reply' : reply.ok ? 'OK' : reply.error.code
