import { isJsonObject, type Json, readLooseInteger } from '../core/json.ts'
import { toVerdict, type Verdict, worstVerdict } from '../core/verdict.ts'
import type { PushMessage } from './readPushMessage.ts'

/** What WeChat made of a file, and which submission of which mini program it speaks of. */
export type MediaVerdict = { readonly traceId: string; readonly appId?: string; readonly verdict: Verdict }

const REVIEW: Verdict = { suggest: 'review' }

/**
 * Reads the event `wxa_media_check`.
 *
 * There are two shapes, and a push may have something of both: version 2 with `result`, `detail` and
 * `errcode`, version 1 with `isrisky` and `status_code`. An error in either is `review`, for WeChat has not seen
 * the file; where two parts are at odds the worse counts; and nothing but an explicit pass is one.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync.html
 *
 * @returns `undefined` for another event, or without a `trace_id`
 */
export function readMediaVerdict({ event, fields }: PushMessage): MediaVerdict | undefined {
  const { trace_id: traceId, appid: appId } = fields
  if (event !== 'wxa_media_check') return undefined
  if (typeof traceId !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(traceId)) return undefined

  const verdict = worstVerdict([...readResult(fields), ...readRisk(fields)])
  // What is there but is no text is no mini program of ours.
  return { traceId, ...(appId !== undefined && appId !== '' && { appId: String(appId) }), verdict }
}

function readResult({ result, detail, errcode }: Json): readonly Verdict[] {
  if (isFailed(errcode)) return [REVIEW]
  if (result === undefined) return []

  const parts = (Array.isArray(detail) ? detail : [detail]).filter(isJsonObject)
  return [toVerdict(isJsonObject(result) ? result : {}), ...parts.flatMap(readPart)]
}

/** A strategy's own finding. Some only say that they ran. */
function readPart(part: Json): readonly Verdict[] {
  if (isFailed(part.errcode)) return [REVIEW]
  return part.suggest === undefined ? [] : [toVerdict(part)]
}

function readRisk({ isrisky: isRisky, status_code: statusCode }: Json): readonly Verdict[] {
  if (isFailed(statusCode)) return [REVIEW]
  if (isRisky === undefined) return []

  const suggest = ['pass', 'risky'][readLooseInteger(isRisky) ?? -1]
  return [toVerdict({ suggest })]
}

/** Whatever is there and no 0 is an error, however its sign is printed. */
const isFailed = (errcode: unknown): boolean => errcode !== undefined && readLooseInteger(errcode) !== 0
