import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** The programs beside this file that measure from within a process of their own, and what each tells. */
type Results = {
  coldCall: { readonly loadMs: number; readonly firstReplyMs: number; readonly reply: unknown }
  warmCalls: {
    readonly measured: readonly { readonly ourMicros: number; readonly bareMicros: number }[]
    readonly reply: unknown
  }
  manyCalls: { readonly replies: readonly unknown[] }
}

const KILL_AFTER_MS = 30_000

/**
 * Runs a program to its end in a new process that has this environment and no other.
 *
 * Its log lines go where nobody reads them, as on a platform: a terminal would be slower than any function.
 */
export async function runProgram<P extends keyof Results>(
  program: P,
  task: object,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly result: Results[P]; readonly processMs: number }> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, [join(import.meta.dirname, `${program}.mjs`), JSON.stringify(task)], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    timeout: KILL_AFTER_MS,
  })
  const [told, [code]] = await Promise.all([text(child.stdio[3] as Readable), once(child, 'exit')])
  const processMs = performance.now() - startedAtMs
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${JSON.stringify(task)}`)

  return { result: JSON.parse(told), processMs }
}

/** A measurement of calls that fail for another reason than intended would look like a good one. */
export function requireAnswer(reply: unknown, expected: string): void {
  const answer = JSON.stringify(reply) ?? ''
  if (!answer.includes(expected)) throw new Error(`${answer} does not say ${expected}`)
}
