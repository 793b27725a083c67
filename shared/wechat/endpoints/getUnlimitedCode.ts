import { isCompleteImage } from '../../core/image.ts'
import { defineEndpoint } from '../endpoint.ts'
import { type CodeOptions, toCodeBody } from './codeOptions.ts'

export type UnlimitedCode = CodeOptions & {
  readonly scene: string
  readonly page?: string | undefined
  readonly checkPath?: boolean | undefined
}

/**
 * Makes a mini-program code that carries a scene of 32 characters. There is no limit to their number.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export const getUnlimitedCode = defineEndpoint({
  method: 'POST',
  path: '/wxa/getwxacodeunlimit',
  credential: 'accessToken',
  effect: 'read',
  isImage: isCompleteImage,
  cloudCall: 'wxacode.getUnlimited',
  problems: { 85096: 'PAGE_INVALID' },
  request: ({ scene, page, checkPath, ...options }: UnlimitedCode) => ({
    body: {
      scene,
      ...(page !== undefined && { page }),
      ...(checkPath !== undefined && { check_path: checkPath }),
      ...toCodeBody(options),
    },
  }),
  response: (_, image) => image,
})
