import { PROBLEMS, Problem, type ProblemCode, type UpstreamTrace } from '../core/problem.ts'

export type Success<O = object> = { readonly ok: true; readonly data: O }

export type Failure = {
  readonly ok: false
  readonly error: {
    readonly code: ProblemCode
    readonly message: string
    readonly retryable: boolean
    readonly requestId: string
    readonly field?: string
    readonly reason?: string
    readonly retryAfterMs?: number
    readonly upstream?: UpstreamTrace
  }
}

/** What every function answers, however it was called. */
export type Reply<O = object> = Success<O> | Failure

/** The failure as the caller sees it. What is not a `Problem` shows nothing of itself. */
export function toFailure(thrown: unknown, requestId: string): Failure {
  const problem = thrown instanceof Problem ? thrown : new Problem('INTERNAL')
  const { field, reason, retryAfterMs, upstream } = problem.options

  return {
    ok: false,
    error: {
      code: problem.code,
      message: problem.message,
      retryable: problem.retryable,
      requestId,
      ...(field !== undefined && { field }),
      ...(reason !== undefined && { reason }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(upstream !== undefined && { upstream }),
    },
  }
}

/** The HTTP status that goes with a reply. */
export const statusOf = (reply: Reply): number => (reply.ok ? 200 : PROBLEMS[reply.error.code].status)
