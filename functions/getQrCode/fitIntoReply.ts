import { sha256Hex } from '../../shared/core/digest.ts'
import { Problem } from '../../shared/core/problem.ts'
import type { Context } from '../../shared/function/define.ts'
import type { Code } from './code.ts'

/** For what stands around the image in a reply, and around the reply in an HTTP response. */
const ENVELOPE_BYTES = 1024

type State = Pick<Context, 'maxReplyBytes' | 'cloudFiles' | 'clock' | 'deadlineAtMs'>

/** Whether a reply can carry an image whose base64 has so many characters. */
export const fitsReply = ({ maxReplyBytes }: Pick<Context, 'maxReplyBytes'>, base64Length: number): boolean =>
  base64Length + ENVELOPE_BYTES <= maxReplyBytes

/**
 * The code as a reply can carry it: an image that is larger goes into CloudBase's storage. Its path is its
 * hash, so what is stored never changes and equal images are one file.
 *
 * @throws Problem `UPSTREAM_UNAVAILABLE`, `UPSTREAM_TIMEOUT`, `CONFIG_ERROR` where there is no storage
 */
export async function fitIntoReply(context: State, code: Code): Promise<Code> {
  if (!('imageBase64' in code) || fitsReply(context, code.imageBase64.length)) return code

  const { cloudFiles, clock, deadlineAtMs } = context
  const { contentType } = code
  const bytes = Buffer.from(code.imageBase64, 'base64')
  const path = `weapp-functions/codes/${sha256Hex(bytes)}.${contentType.replace('image/', '')}`
  try {
    return { contentType, fileID: await cloudFiles.save(path, bytes, deadlineAtMs - clock.nowMs()) }
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== 'CONFIG_ERROR') throw thrown
    const message = `The image has ${bytes.length} bytes, more than a reply carries: ask for a smaller width. ${thrown.message}`
    throw new Problem('CONFIG_ERROR', { message })
  }
}
