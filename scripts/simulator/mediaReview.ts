import { type MediaVerdict, mediaCheckEvent, mediaCheckEventV1 } from './push/mediaCheckEvent.ts'
import type { Pushes } from './push/pushes.ts'

export type MediaJob = {
  readonly traceId: string
  readonly openid: string
  readonly mediaUrl: string
  readonly mediaType: number
  readonly scene: number
  readonly atMs: number
}

/** How a job is judged; what is left out follows from `suggest`, and that from the URL of the media. */
export type MediaJudgement = Partial<MediaVerdict> & {
  /** How the verdict is pushed; `v1` as for requests of version 1. */
  readonly shape?: 'v1' | 'v2'
  readonly labelAs?: 'number' | 'string'
}

export type MediaReviewOptions = {
  readonly appId: string
  readonly pushes: Pushes
  /** By itself the review judges a job so much later; never when absent. */
  readonly judgeAfterMs: number | undefined
}
export type MediaReview = ReturnType<typeof createMediaReview>

/** The asynchronous review of images and audio: takes jobs and pushes verdicts on them. */
export function createMediaReview({ appId, pushes, judgeAfterMs }: MediaReviewOptions) {
  const jobs: MediaJob[] = []
  const timers = new Set<NodeJS.Timeout>()

  function judge(traceId: string, judgement: MediaJudgement = {}): void {
    const job = jobs.find((known) => known.traceId === traceId)
    if (!job) throw new Error(`no media check has the trace id ${traceId}`)
    const { shape = 'v2', labelAs, ...given } = judgement
    const verdict = completeVerdict(job.mediaUrl, given)
    const label = labelAs === 'string' ? String(verdict.label) : verdict.label
    const toEvent = shape === 'v1' ? mediaCheckEventV1 : mediaCheckEvent
    pushes.push(toEvent(appId, job, { ...verdict, label }))
  }

  return {
    jobs,

    take(job: MediaJob): void {
      jobs.push(job)
      if (judgeAfterMs === undefined) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        judge(job.traceId)
      }, judgeAfterMs).unref()
      timers.add(timer)
    },

    /** Pushes a verdict on a job; any job may be judged more than once. Throws when there is no such job. */
    judge,

    close(): void {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

const DOWNLOAD_FAILED = -1008
/** 20001 politics, 20002 porn. */
const LABELS = { pass: 100, review: 20001, risky: 20002 } as const

function completeVerdict(mediaUrl: string, given: Partial<MediaVerdict>): MediaVerdict {
  const suggested = (['risky', 'review'] as const).find((word) => mediaUrl.includes(word))
  const suggest = given.suggest ?? suggested ?? 'pass'
  const errcode = given.suggest === undefined && mediaUrl.includes('missing') ? DOWNLOAD_FAILED : 0
  return { suggest, label: LABELS[suggest], errcode, ...given }
}
