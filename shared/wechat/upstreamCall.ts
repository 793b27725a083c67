import type { UpstreamTrace } from '../core/problem.ts'

/** One finished call of an endpoint, as the log tells it. */
export type UpstreamCall = {
  readonly endpoint: string
  readonly durationMs: number
  /** Requests that were made for it, repeats included. */
  readonly attempts: number
  /** WeChat's errcode and rid, where it gave one. */
  readonly upstream?: UpstreamTrace
  /** Why there was no answer. */
  readonly failure?: string
}
