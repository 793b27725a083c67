import type { Problem } from '../core/problem.ts'
import type { LogEntry, LogLevel } from '../ports/log.ts'
import { createCallRecords } from '../state/callRecords.ts'
import { createWechatClient } from '../wechat/client.ts'
import type { UpstreamCall } from '../wechat/upstreamCall.ts'
import { authenticate } from './authenticate.ts'
import type { Caller, Origin } from './caller.ts'
import type { AnyFunction, Context } from './define.ts'
import { logCall } from './logCall.ts'
import { parseInput } from './parseInput.ts'
import { type RawInput, readInput } from './readInput.ts'
import { type Reply, toFailure } from './reply.ts'
import type { Runtime } from './runtime.ts'

/** One call of a function, as an adapter has read it. */
export type Call = {
  readonly origin: Origin
  readonly input: RawInput
  /** The platform's id of this invocation, which a repeat of the same invocation carries again. */
  readonly requestId: string
  /** How long the platform still lets this call run, where it says so. */
  readonly remainingMs?: number
  /** The largest reply that the platform carries back, in bytes; the platforms agree on 6 MiB otherwise. */
  readonly maxReplyBytes?: number
  /** What the adapter already knows to be wrong (an HTTP method, an event that is none). */
  readonly problem?: Problem
}

/** For the reply to be written and sent before the platform ends the call. */
const REPLY_MARGIN_MS = 500
const MAX_SETTLE_MS = 250
const MAX_REPLY_BYTES = 6 * 1024 * 1024

/**
 * Calls a function: who is it, may they, what do they say, do it, reply. The only way there is, in
 * production, on one machine and in tests. It never throws.
 */
export async function invoke(fn: AnyFunction, call: Call, runtime: Runtime): Promise<Reply> {
  const { clock } = runtime
  const startedAtMs = clock.nowMs()
  const upstream: UpstreamCall[] = []
  const warnings: LogEntry[] = []
  const about: Record<string, unknown> = {}
  let caller: Caller | undefined
  let thrown: unknown
  let reply: Reply
  let threshold: LogLevel = 'info'
  try {
    threshold = runtime.config.logLevel
    if (call.problem) throw call.problem

    const context = createContext(fn, call, runtime, startedAtMs, { upstream, warnings, about })
    caller = await authenticate(fn.access, call.origin, context)
    const input = parseInput(fn.input, readInput(call.input))
    reply = { ok: true, data: await fn.handle({ ...context, caller }, input) }
  } catch (failure) {
    thrown = failure
    reply = toFailure(failure, call.requestId)
  }
  const durationMs = clock.nowMs() - startedAtMs
  logCall(runtime, { fn, call, caller, reply, thrown, upstream, warnings, about, durationMs, threshold })
  return reply
}

/** What the call may use, but for the caller. Nothing is opened or asked here. */
function createContext(
  fn: AnyFunction,
  { requestId, remainingMs = Number.POSITIVE_INFINITY, maxReplyBytes = MAX_REPLY_BYTES }: Call,
  { config, clock, random, records, accessTokens, channelFor, cloudFiles, mediaSource }: Runtime,
  startedAtMs: number,
  noted: {
    readonly upstream: UpstreamCall[]
    readonly warnings: LogEntry[]
    readonly about: Record<string, unknown>
  },
): Omit<Context, 'caller'> {
  const callMs = Math.min(fn.timeoutSeconds * 1000, remainingMs) - REPLY_MARGIN_MS
  const deadlineAtMs = startedAtMs + callMs
  // What WeChat answers last can still be written down.
  const upstream = { clock, random, deadlineAtMs: deadlineAtMs - Math.min(MAX_SETTLE_MS, callMs / 10) }

  return {
    requestId,
    deadlineAtMs,
    config,
    clock,
    random,
    records: createCallRecords(records, clock, deadlineAtMs),
    wechat: createWechatClient(fn.uses, {
      ...upstream,
      channelFor,
      accessTokens,
      app: config,
      onCall: (done) => noted.upstream.push(done),
    }),
    refreshAccessToken: () => accessTokens().refresh(deadlineAtMs),
    cloudFiles,
    mediaSource,
    maxReplyBytes,
    warn: (message, fields = {}) => noted.warnings.push({ message, ...fields }),
    note: (fields) => void Object.assign(noted.about, fields),
  }
}
