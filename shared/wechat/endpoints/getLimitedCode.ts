import { isCompleteImage } from '../../core/image.ts'
import { defineEndpoint } from '../endpoint.ts'
import { type CodeOptions, toCodeBody } from './codeOptions.ts'

/**
 * Makes a mini-program code for a path. A mini program gets 100,000 of these and of the classic ones for
 * life, so a lost answer is not followed by another request.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getqrcode.html
 */
export const getLimitedCode = defineEndpoint({
  method: 'POST',
  path: '/wxa/getwxacode',
  credential: 'accessToken',
  effect: 'send',
  isImage: isCompleteImage,
  cloudCall: 'wxacode.get',
  pageField: 'path',
  problems: { 40159: 'PAGE_INVALID', 85096: 'PAGE_INVALID' },
  request: ({ path, ...options }: CodeOptions & { readonly path: string }) => ({
    body: { path, ...toCodeBody(options) },
  }),
  response: (_, image) => image,
})
