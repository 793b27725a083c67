import type { Problem } from '../core/problem.ts'
import type { LogLevel } from '../ports/log.ts'
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
  /** What the adapter already knows to be wrong (an HTTP method, an event that is none). */
  readonly problem?: Problem
}

/** For the reply to be written and sent before the platform ends the call. */
const REPLY_MARGIN_MS = 500

/**
 * Calls a function: who is it, may they, what do they say, do it, reply. The only way there is, in
 * production, on one machine and in tests. It never throws.
 */
export async function invoke(fn: AnyFunction, call: Call, runtime: Runtime): Promise<Reply> {
  const { clock } = runtime
  const startedAtMs = clock.nowMs()
  const upstream: UpstreamCall[] = []
  let caller: Caller | undefined
  let thrown: unknown
  let reply: Reply
  let threshold: LogLevel = 'info'
  try {
    threshold = runtime.config.logLevel
    if (call.problem) throw call.problem

    caller = await authenticate(fn.access, call.origin, runtime)
    const input = parseInput(fn.input, readInput(call.input))
    const context = createContext(fn, call, caller, runtime, startedAtMs, (done) => upstream.push(done))
    reply = { ok: true, data: await fn.handle(context, input) }
  } catch (failure) {
    thrown = failure
    reply = toFailure(failure, call.requestId)
  }
  const durationMs = clock.nowMs() - startedAtMs
  logCall(runtime, { fn, call, caller, reply, thrown, upstream, durationMs, threshold })
  return reply
}

function createContext(
  fn: AnyFunction,
  { requestId, remainingMs = Number.POSITIVE_INFINITY }: Call,
  caller: Caller,
  runtime: Runtime,
  startedAtMs: number,
  onCall: (call: UpstreamCall) => void,
): Context {
  const { config, clock, random, accessTokens, cloudFiles, channelFor } = runtime
  const deadlineAtMs = startedAtMs + Math.min(fn.timeoutSeconds * 1000, remainingMs) - REPLY_MARGIN_MS
  const budget = { clock, random, deadlineAtMs }

  return {
    caller,
    requestId,
    deadlineAtMs,
    config,
    clock,
    random,
    cloudFiles,
    get accessTokens() {
      return accessTokens()
    },
    get records() {
      return runtime.records()
    },
    wechat: createWechatClient(fn.uses, { ...budget, channelFor, accessTokens, app: config, onCall }),
  }
}
