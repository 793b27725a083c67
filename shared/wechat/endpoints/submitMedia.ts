import { defineEndpoint } from '../endpoint.ts'
import { readText } from '../readAnswer.ts'

const MEDIA_TYPES = { audio: 1, image: 2 } as const

export type MediaToCheck = {
  readonly mediaUrl: string
  readonly type: keyof typeof MEDIA_TYPES
  readonly scene: number
  readonly openid: string
}

/**
 * Has WeChat fetch and judge an image or audio file. The verdict is pushed within half an hour, under this
 * `traceId`. A repeat after a lost answer makes a second job, which costs nothing but its quota.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync.html
 */
export const submitMedia = defineEndpoint({
  method: 'POST',
  path: '/wxa/media_check_async',
  credential: 'accessToken',
  effect: 'read',
  cloudCall: 'security.mediaCheckAsync',
  problems: { 40004: 'MEDIA_UNSUPPORTED' },
  request: ({ mediaUrl, type, scene, openid }: MediaToCheck) => ({
    body: { media_url: mediaUrl, media_type: MEDIA_TYPES[type], version: 2, scene, openid },
  }),
  response: (json) => ({ traceId: readText(json, 'trace_id', /^[\x21-\x7e]{1,128}$/) }),
})
