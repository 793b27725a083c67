import { type Api, type ApiCall, answerOk, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'
import { isRiskyImage, judgeText, readImage, type Verdict } from '../contentVerdict.ts'
import { makeDashedId } from '../dashedId.ts'
import { isActive } from '../users.ts'
import type { Wechat } from '../wechat.ts'

const MAX_TEXT = 2500
const MAX_IMAGE_BYTES = 1024 * 1024
const MAX_IMAGE = { width: 750, height: 1334 }
const MEDIA_TYPES = [1, 2]

/** POST /wxa/msg_sec_check, version 2: a verdict on a text. Without `version` it behaves as version 1 did. */
export const msgSecCheck: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',
  perMinute: { calls: 4000, errcode: 44991 },
  perDay: 2_000_000,

  handle(wechat, { json, took }) {
    const content = readText(json, 'content')
    if (json.version !== 2) return answerVersion1(content, took)

    const scene = requireScene(json.scene)
    requireActive(wechat, json)
    if (!content) throw new ApiError(44004, 'empty content')
    if (content.length > MAX_TEXT) throw new ApiError(45002, 'content size out of limit')

    took()
    const signature = scene === 1 ? readText(json, 'signature') : ''
    const verdict = judgeText(
      [content, readText(json, 'title'), readText(json, 'nickname'), signature].join('\n'),
    )
    const { suggest, label } = verdict
    return answerOk({ detail: detailsOf(verdict), trace_id: makeDashedId(), result: { suggest, label } })
  },
}

/** POST /wxa/img_sec_check: the verdict on the uploaded part `media`, at once. */
export const imgSecCheck: Api = {
  method: 'POST',
  body: 'upload',
  credential: 'accessToken',
  perMinute: { calls: 2000, errcode: 44991 },
  perDay: 200_000,

  async handle(_wechat, call) {
    const bytes = await readMedia(call)
    if (bytes.length > MAX_IMAGE_BYTES) throw invalidSize()
    const image = readImage(bytes)
    if (!image) throw new ApiError(40004, 'invalid media type')
    const isTooLarge = image !== 'gif' && (image.width > MAX_IMAGE.width || image.height > MAX_IMAGE.height)
    if (isTooLarge) throw invalidSize()

    call.took()
    if (isRiskyImage(bytes, image)) throw riskyContent()
    return answerOk()
  },
}

/** POST /wxa/media_check_async: takes a job; its result is pushed later under the trace id. */
export const mediaCheckAsync: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',
  perMinute: { calls: 2000, errcode: 44991 },
  perDay: 200_000,

  handle(wechat, { json, took }) {
    const mediaType = Number(json.media_type)
    const mediaUrl = readText(json, 'media_url')
    if (!MEDIA_TYPES.includes(mediaType)) throw new ApiError(40004, 'invalid media type')
    if (!mediaUrl || json.version !== 2) throw new ApiError(40097, 'invalid args')
    const scene = requireScene(json.scene)
    const openid = requireActive(wechat, json)

    took()
    const traceId = makeDashedId()
    wechat.mediaReview.take({ traceId, openid, mediaUrl, mediaType, scene, atMs: wechat.nowMs() })
    return answerOk({ trace_id: traceId })
  },
}

const riskyContent = () => new ApiError(87014, 'risky content')

/** The spelling is WeChat's. */
const invalidSize = () => new ApiError(40006, 'invalid meida size')

function answerVersion1(content: string, took: () => void) {
  took()
  if (judgeText(content).suggest === 'risky') throw riskyContent()
  return answerOk()
}

function requireScene(scene: unknown): number {
  if (![1, 2, 3, 4].some((known) => known === scene)) throw new ApiError(40129, 'invalid scene')
  return Number(scene)
}

function requireActive({ users, nowMs }: Wechat, json: Readonly<Record<string, unknown>>): string {
  const user = users.withOpenid(readText(json, 'openid'))
  if (!user) throw new ApiError(40003, 'invalid openid')
  if (!isActive(user, nowMs())) throw new ApiError(61010, 'code is expired')
  return user.openid
}

function detailsOf({ suggest, label, word }: Verdict): object[] {
  const keyword = word
    ? { strategy: 'keyword', errcode: 0, suggest, label, keyword: word }
    : { strategy: 'keyword', errcode: 0 }
  return [{ strategy: 'content_model', errcode: 0, suggest, label, prob: 90 }, keyword]
}

async function readMedia({ bytes, contentType }: ApiCall): Promise<Buffer> {
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => undefined)
  const media = form?.get('media')
  if (!media || typeof media === 'string') throw new ApiError(41005, 'media data missing')
  return Buffer.from(await media.arrayBuffer())
}
