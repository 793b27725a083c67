import { sha256Base64Url } from '../core/digest.ts'
import type { Verdict } from '../core/verdict.ts'
import type { Clock } from '../ports/clock.ts'
import type { Records, Slot } from './records.ts'

/** Media that WeChat was given to judge. */
export type MediaJob = {
  /** Whose they are. */
  readonly openid: string
  readonly type: 'image' | 'audio'
  readonly scene: number
  readonly contentHash: string
  /** Whether that is the hash of the bytes, and not of the name under which WeChat fetches them. */
  readonly isOfBytes: boolean
  readonly submittedAtMs: number
  /** Set once it was told to anybody. */
  readonly verdict?: Verdict
}

type State = { readonly records: Records; readonly clock: Clock }

const KEEP_MS = 7 * 86_400_000
/** WeChat pushes within half an hour, or never. */
const PUSHED_WITHIN_MS = 30 * 60_000

/** A trace id comes from outside; as a key it has one length and one alphabet. */
const idOf = (traceId: string): string => sha256Base64Url(traceId)

/** A verdict, and the push that brought it. */
type PushedVerdict = { readonly verdict: Verdict; readonly pushId: string }

/**
 * Keeps a pushed verdict for whoever asks for it, whether or not its job is known yet. The first one stands.
 * A single write, because WeChat does not wait long for its answer.
 *
 * @param pushId which push it is: the same, when WeChat repeats it
 * @returns whether it is the first
 * @throws Problem `STATE_UNAVAILABLE`
 */
export async function keepPushedVerdict(
  { records, clock }: State,
  { traceId, verdict, pushId }: PushedVerdict & { readonly traceId: string },
): Promise<boolean> {
  const slot = records.empty<PushedVerdict>('mediaVerdict', idOf(traceId))
  return (await records.write(slot, { verdict, pushId }, clock.nowMs() + KEEP_MS)) !== undefined
}

/** Whether the verdict that stands came with this push. @throws Problem `STATE_UNAVAILABLE` */
export async function isStandingVerdict(
  { records }: State,
  { traceId, pushId }: { readonly traceId: string; readonly pushId: string },
): Promise<boolean> {
  const { value: standing } = await records.read<PushedVerdict>('mediaVerdict', idOf(traceId))
  return standing?.pushId === pushId
}

/** Keeps a job under the trace id that WeChat gave it. @throws Problem `STATE_UNAVAILABLE` */
export async function recordJob(records: Records, traceId: string, job: MediaJob): Promise<void> {
  await records.write(records.empty<MediaJob>('mediaJob', idOf(traceId)), job, job.submittedAtMs + KEEP_MS)
}

/**
 * The job of a trace id; without a value when we never submitted one, or long ago.
 *
 * @throws Problem `STATE_UNAVAILABLE`
 */
export const readJob = (records: Records, traceId: string): Promise<Slot<MediaJob>> =>
  records.read<MediaJob>('mediaJob', idOf(traceId))

/**
 * The verdict on a job: the one that was told before, the one that was pushed, `review` when none came within
 * half an hour, and else `pending`.
 *
 * What is no longer pending is written down before it is told, so that everybody is told the same: a push that
 * comes after the half hour changes nothing.
 *
 * @param seen the job as `readJob` found it
 * @throws Problem `STATE_UNAVAILABLE`
 */
export async function settleJob(
  { records, clock }: State,
  traceId: string,
  seen: Slot<MediaJob>,
): Promise<Verdict> {
  if (seen.value?.verdict) return seen.value.verdict

  const id = idOf(traceId)
  const pushed = (await records.read<PushedVerdict>('mediaVerdict', id)).value?.verdict
  let verdict: Verdict = { suggest: 'pending' }
  await records.update<MediaJob>(
    'mediaJob',
    id,
    (job) => {
      if (!job) return undefined

      const isOverdue = clock.nowMs() >= job.submittedAtMs + PUSHED_WITHIN_MS
      verdict = job.verdict ?? pushed ?? { suggest: isOverdue ? 'review' : 'pending' }
      return job.verdict || verdict.suggest === 'pending'
        ? undefined
        : { value: { ...job, verdict }, expiresAtMs: job.submittedAtMs + KEEP_MS }
    },
    seen,
  )
  return verdict
}
