import { sha256Hex } from '../../shared/core/digest.ts'
import { checkMediaUrl } from '../../shared/core/mediaUrl.ts'
import type { Verdict } from '../../shared/core/verdict.ts'
import { callerScope } from '../../shared/function/callerScope.ts'
import type { Context } from '../../shared/function/define.ts'
import { findVerdict } from '../../shared/state/contentVerdicts.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { type MediaJob, recordJob } from '../../shared/state/mediaJobs.ts'
import type { submitMedia } from '../../shared/wechat/endpoints/submitMedia.ts'
import type { Input } from './input.ts'
import { lookAtMedia, type MediaPlace } from './lookAtMedia.ts'

type MediaContext = Context<'user' | 'server', { readonly submitMedia: typeof submitMedia }>

type Submitted = { readonly traceId: string; readonly contentHash: string }

/** How long a repeat of an invocation finds the job of the first. */
const KEEP_MS = 86_400_000

/**
 * Submits an image or audio file, unless WeChat has judged the same bytes for this user within a day. The
 * verdict comes later, for `getContentResult`.
 *
 * @throws Problem `MEDIA_URL_FORBIDDEN`, `MEDIA_TOO_LARGE`; `STATE_UNAVAILABLE` and `CONFIG_ERROR` without a
 * store, before WeChat is asked; `IN_PROGRESS` while the same invocation runs elsewhere
 */
export async function judgeMedia(
  context: MediaContext,
  fields: Input,
  openid: string,
): Promise<Verdict & { readonly traceId?: string; readonly contentHash: string }> {
  const place = await locate(context, fields)
  const bytesHash = await lookAtMedia(context, place)
  const content = {
    type: fields.type === 'audio' ? 'audio' : 'image',
    scene: fields.scene,
    contentHash: bytesHash ?? sha256Hex(fields.mediaUrl ?? fields.fileID ?? ''),
    openid,
  } as const
  const verdict = bytesHash && (await findVerdict(context, content))
  if (verdict) return { ...verdict, contentHash: content.contentHash }

  const job = { ...content, isOfBytes: bytesHash !== undefined, submittedAtMs: context.clock.nowMs() }
  return { suggest: 'pending', ...(await submitOnce(context, fields, place.url, job)) }
}

async function locate(
  { cloudFiles, config, clock, deadlineAtMs }: MediaContext,
  { mediaUrl, fileID = '' }: Input,
): Promise<MediaPlace> {
  if (mediaUrl === undefined) {
    const url = await cloudFiles.temporaryUrl(fileID, deadlineAtMs - clock.nowMs())
    return { url, isOfPlatform: true, mayFetch: true }
  }
  checkMediaUrl(mediaUrl, config.mediaHosts)
  return { url: mediaUrl, isOfPlatform: false, mayFetch: config.mediaHosts.length > 0 }
}

/**
 * Submits once for an invocation that the platform repeats, and records the job before anybody hears of it.
 *
 * That takes three writes. The first proves that there is a store before anything is sent: WeChat may refuse
 * the same submission for a while (87020), so none is wasted on a job that nobody could find. A second job does
 * no harm, so what was refused or interrupted is submitted anew: every attempt is a request of its own.
 */
async function submitOnce(
  { caller, records, wechat, clock, random, requestId, deadlineAtMs }: MediaContext,
  { mediaUrl, fileID }: Input,
  url: string,
  job: MediaJob,
): Promise<Submitted> {
  const { type, scene, openid, contentHash } = job
  const submission = JSON.stringify([requestId, type, scene, openid, mediaUrl, fileID])
  const { answer } = await runOnce<Submitted>(
    { records, clock },
    {
      id: `checkContent:${callerScope(caller, submission)}`,
      payload: '',
      requestId: Buffer.from(random.bytes(12)).toString('base64url'),
      deadlineAtMs,
      keepMs: KEEP_MS,
      mayBeRetried: true,
    },
    async () => {
      const { traceId } = await wechat.submitMedia({ mediaUrl: url, type, scene, openid })
      await recordJob(records, traceId, job)
      return { traceId, contentHash }
    },
  )
  return answer
}
