import { Problem } from '../core/problem.ts'
import type { KeyRing } from '../core/seal.ts'
import { LOG_LEVELS, type LogEntry, type LogLevel } from '../ports/log.ts'
import type { UpstreamCall } from '../wechat/upstreamCall.ts'
import type { Caller } from './caller.ts'
import type { AnyFunction } from './define.ts'
import type { Call } from './invoke.ts'
import type { Reply } from './reply.ts'
import type { Runtime } from './runtime.ts'

type FinishedCall = {
  readonly fn: AnyFunction
  readonly call: Call
  readonly caller: Caller | undefined
  readonly reply: Reply
  readonly thrown: unknown
  readonly upstream: readonly UpstreamCall[]
  /** What the handler had to say to the operator. */
  readonly warnings: readonly LogEntry[]
  /** What it said the call was about. */
  readonly about: LogEntry
  readonly durationMs: number
  /** Lines below this level are not written. */
  readonly threshold: LogLevel
}

/**
 * Writes the one line of a call: never an input, an answer of WeChat's, an openid or a key.
 *
 * What is not a `Problem` is logged as its class and its place in the code; its message may quote anything.
 */
export function logCall(runtime: Runtime, finished: FinishedCall): void {
  const { fn, call, caller, reply, thrown, upstream, warnings, about, durationMs, threshold } = finished
  const code = reply.ok ? 'OK' : reply.error.code
  const level = isOperatorsConcern(code) ? 'error' : reply.ok && warnings.length === 0 ? 'info' : 'warn'
  if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(threshold)) return

  runtime.log.write(level, {
    requestId: call.requestId,
    function: fn.name,
    code,
    durationMs,
    caller: caller?.kind ?? 'refused',
    ...(caller?.kind === 'user' && { user: pseudonymOf(caller.openid, runtime) }),
    ...(Object.keys(about).length > 0 && { about }),
    ...(upstream.length > 0 && { upstream }),
    ...(warnings.length > 0 && { warnings }),
    ...(thrown !== undefined && (thrown instanceof Problem ? describe(thrown) : { fault: placeOf(thrown) })),
  })
}

const isOperatorsConcern = (code: string): boolean => code === 'INTERNAL' || code === 'CONFIG_ERROR'

function describe(problem: Problem): object {
  const { field, reason, detail } = problem.options
  return {
    ...(problem.code === 'CONFIG_ERROR' && { message: problem.message }),
    ...(field && { field }),
    ...(reason && { reason }),
    ...(detail && { detail }),
  }
}

/** Links the lines of one user without telling who it is; absent without a key to make it with. */
function pseudonymOf(openid: string, { config }: Runtime): string | undefined {
  let keys: KeyRing
  try {
    keys = config.stateKeys
  } catch {
    return undefined
  }
  return keys.pseudonym(openid)
}

function placeOf(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { name: typeof thrown }

  const trace = thrown.stack?.replace(thrown.message, '') ?? ''
  const frames = trace.split('\n').filter((line) => /^\s+at /.test(line))
  return { name: thrown.name, at: frames.slice(0, 6).map((frame) => frame.trim()) }
}
