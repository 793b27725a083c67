import { parseBase64 } from '../../shared/core/base64.ts'
import { requireCheckableImage } from '../../shared/core/checkableImage.ts'
import { sha256Hex } from '../../shared/core/digest.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { splitText } from '../../shared/core/textChunks.ts'
import { type Verdict, worstVerdict } from '../../shared/core/verdict.ts'
import type { Caller } from '../../shared/function/caller.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'
import { findVerdict, keepVerdict } from '../../shared/state/contentVerdicts.ts'
import { checkImage } from '../../shared/wechat/endpoints/checkImage.ts'
import { checkText } from '../../shared/wechat/endpoints/checkText.ts'
import { submitMedia } from '../../shared/wechat/endpoints/submitMedia.ts'
import { checkFields, type Input, input } from './input.ts'
import { judgeMedia } from './judgeMedia.ts'

export type { CheckContentInput } from './input.ts'

export type CheckContentOutput = {
  /** Only `pass` is a pass. A `pending` verdict arrives later, under `traceId`. */
  readonly suggest: Verdict['suggest']
  readonly label?: number
  /** WeChat's own name of the label. */
  readonly labelName?: string
  readonly traceId?: string
  /** SHA-256 in hex of what is judged: the text, the bytes, or the URL or file id of bytes not seen here. */
  readonly contentHash: string
}

const endpoints = { checkText, checkImage, submitMedia }

type CheckContext = Context<'user' | 'server', typeof endpoints>

const MAX_TEXT_BYTES = 100 * 1024
const CHUNK = { maxLength: 2500, overlap: 100 }
const PARALLEL_CHUNKS = 4

/**
 * Has WeChat judge a text or an image at once, or submits an image or audio file whose verdict comes later: ask
 * `getContentResult` for it.
 *
 * A long text is judged in overlapping chunks and the worst verdict counts. Whatever is not an explicit pass
 * is none: an unknown answer is `review`, and a fault is a failure. An explicit verdict on an image's or a
 * file's very bytes holds for 24 hours, in which WeChat is not asked again.
 *
 * Fails with `USER_NOT_RECENT` when the user has not opened the mini program lately, `PAYLOAD_TOO_LARGE`,
 * `MEDIA_UNSUPPORTED`, `MEDIA_CORRUPT`, `MEDIA_TOO_LARGE`, `MEDIA_DIMENSIONS`, `MEDIA_URL_FORBIDDEN`; what is
 * submitted also with `STATE_UNAVAILABLE`, and with `IN_PROGRESS` while the platform repeats it.
 */
export default defineFunction({
  name: 'checkContent',
  access: ['user', 'server'],
  input,
  uses: endpoints,
  readsCloudFiles: true,
  timeoutSeconds: 20,

  handle(context, fields): Promise<CheckContentOutput> {
    const openid = readOpenid(context.caller, fields.openid)
    checkFields(fields)
    if (fields.type === 'text') return judgeText(context, fields, openid)
    if (fields.imageBase64 !== undefined) return judgeImage(context, fields)

    return judgeMedia(context, fields, openid)
  },
})

function readOpenid(caller: Caller<'user' | 'server'>, openid: string | undefined): string {
  if (caller.kind === 'user') {
    if (openid !== undefined) throw invalidArgument('openid', 'is given by a server only')
    return caller.openid
  }
  if (openid === undefined) throw invalidArgument('openid', 'is missing')
  return openid
}

/** Title, nickname and signature go with the first chunk: WeChat judges them together with it. */
async function judgeText(
  { wechat }: CheckContext,
  fields: Input,
  openid: string,
): Promise<CheckContentOutput> {
  const { content = '', scene, title, nickname, signature } = fields
  if (Buffer.byteLength(content) > MAX_TEXT_BYTES)
    throw new Problem('PAYLOAD_TOO_LARGE', { field: 'content' })

  const [first = '', ...others] = splitText(content, CHUNK)
  const texts = [
    { content: first, scene, openid, title, nickname, signature },
    ...others.map((chunk) => ({ content: chunk, scene, openid })),
  ]
  const verdicts: Awaited<ReturnType<typeof wechat.checkText>>[] = []
  for (let at = 0; at < texts.length; at += PARALLEL_CHUNKS) {
    verdicts.push(
      ...(await Promise.all(texts.slice(at, at + PARALLEL_CHUNKS).map((text) => wechat.checkText(text)))),
    )
  }
  return { ...worstVerdict(verdicts), contentHash: sha256Hex(content) }
}

/** The same bytes are not judged twice in a day. Without a store they are. */
async function judgeImage(
  { wechat, records, clock }: CheckContext,
  { imageBase64 = '', scene }: Input,
): Promise<CheckContentOutput> {
  const bytes = parseBase64(imageBase64, 'imageBase64')
  const { contentType } = requireCheckableImage(bytes)
  const content = { type: 'image', scene, contentHash: sha256Hex(bytes) } as const

  let verdict = await findVerdict({ records, clock }, content)
  if (!verdict) {
    verdict = await wechat.checkImage({ bytes, contentType })
    await keepVerdict({ records, clock }, content, verdict)
  }
  return { ...verdict, contentHash: content.contentHash }
}
