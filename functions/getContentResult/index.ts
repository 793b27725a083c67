import * as z from 'zod/mini'
import { Problem } from '../../shared/core/problem.ts'
import type { Verdict } from '../../shared/core/verdict.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { text } from '../../shared/function/fields.ts'
import { keepVerdict } from '../../shared/state/contentVerdicts.ts'
import { readJob, settleJob } from '../../shared/state/mediaJobs.ts'

const input = z.strictObject({ traceId: text({ pattern: /^[\x21-\x7e]+$/, maxLength: 128 }) })

export type GetContentResultInput = z.input<typeof input>

export type GetContentResultOutput = Verdict & {
  readonly traceId: string
  /** As `checkContent` told it: SHA-256 in hex of the media's bytes, or of their URL or file id. */
  readonly contentHash: string
}

/**
 * Tells what has become of media that `checkContent` submitted: users ask about their own, servers about all.
 *
 * `pending` until WeChat has pushed its verdict, and `review` when it has not within half an hour. A verdict
 * that was told once is told for a week from the submission, whatever comes later.
 *
 * Fails with `NOT_FOUND` for a trace id that is unknown, and in the same way for another user's.
 */
export default defineFunction({
  name: 'getContentResult',
  access: ['user', 'server'],
  input,
  uses: {},
  timeoutSeconds: 10,

  async handle({ caller, records, clock }, { traceId }): Promise<GetContentResultOutput> {
    const slot = await readJob(records, traceId)
    const job = slot.value
    if (!job || (caller.kind === 'user' && caller.openid !== job.openid))
      throw new Problem('NOT_FOUND', { field: 'traceId' })

    const verdict = await settleJob({ records, clock }, traceId, slot)
    if (job.isOfBytes && !job.verdict) await keepVerdict({ records, clock }, job, verdict, job.submittedAtMs)
    return { ...verdict, traceId, contentHash: job.contentHash }
  },
})
