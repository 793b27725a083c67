import type { Verdict } from '../../core/verdict.ts'
import { defineEndpoint } from '../endpoint.ts'

const RISKY = 87014

/**
 * Has WeChat judge an image at once (version 1: PNG, JPEG or GIF, at most 1 MB and 750 × 1334 pixels). WeChat
 * no longer develops it, but it is the only check that answers synchronously.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/api-backend/open-api/sec-check/security.imgSecCheck.html
 */
export const checkImage = defineEndpoint({
  method: 'POST',
  path: '/wxa/img_sec_check',
  credential: 'accessToken',
  effect: 'read',
  cloudCall: 'security.imgSecCheck',
  accepts: [RISKY],
  problems: { 40006: 'MEDIA_TOO_LARGE' },
  request: ({ bytes, contentType }: { readonly bytes: Uint8Array; readonly contentType: string }) => ({
    upload: {
      partName: 'media',
      fileName: `image.${contentType.slice('image/'.length)}`,
      contentType,
      bytes,
    },
  }),
  response(json): Verdict {
    const errcode = json.errcode ?? json.errCode
    if (Number(errcode) === RISKY) return { suggest: 'risky' }
    // Only an explicit 0 is a pass: an answer without an errcode says nothing.
    return { suggest: Number(errcode ?? Number.NaN) === 0 ? 'pass' : 'review' }
  },
})
