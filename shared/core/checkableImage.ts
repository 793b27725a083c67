import { type InspectedImage, inspectImage } from './image.ts'
import { Problem } from './problem.ts'

const FORMATS: readonly string[] = ['png', 'jpeg', 'gif']
const MAX_BYTES = 1024 * 1024
const MAX_WIDTH = 750
const MAX_HEIGHT = 1334

/**
 * Requires an image that `img_sec_check` takes: PNG, JPEG or GIF, at most 1 MiB and 750 × 1334 px.
 *
 * What the image is comes from its bytes, never from a name or a header beside it. Its size is judged
 * before its wholeness, because a download that stopped at the limit is cut off only by that.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/sec-check/security.imgSecCheck.html
 * @throws Problem `MEDIA_UNSUPPORTED`, `MEDIA_TOO_LARGE`, `MEDIA_CORRUPT`, `MEDIA_DIMENSIONS` with `reason`
 */
export function requireCheckableImage(bytes: Uint8Array): InspectedImage {
  const image = inspectImage(bytes)
  if (!image || !FORMATS.includes(image.format)) {
    throw new Problem('MEDIA_UNSUPPORTED', { reason: 'must be a PNG, JPEG or GIF image' })
  }
  if (bytes.length > MAX_BYTES) throw new Problem('MEDIA_TOO_LARGE', { reason: 'has more than 1 MiB' })
  if (!image.isComplete) throw new Problem('MEDIA_CORRUPT', { reason: 'is cut off or has a damaged header' })
  if (image.width > MAX_WIDTH || image.height > MAX_HEIGHT) {
    throw new Problem('MEDIA_DIMENSIONS', {
      reason: `is ${image.width} × ${image.height} px, at most ${MAX_WIDTH} × ${MAX_HEIGHT} are allowed`,
    })
  }
  return image
}
