import { isCompleteImage } from '../../core/image.ts'
import { defineEndpoint } from '../endpoint.ts'

/**
 * Makes a square QR code for a path, of the same lifetime stock of 100,000 as the limited codes.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_createqrcode.html
 */
export const createClassicCode = defineEndpoint({
  method: 'POST',
  path: '/cgi-bin/wxaapp/createwxaqrcode',
  credential: 'accessToken',
  effect: 'send',
  isImage: isCompleteImage,
  cloudCall: 'wxacode.createQRCode',
  pageField: 'path',
  problems: { 40159: 'PAGE_INVALID', 85096: 'PAGE_INVALID' },
  request: ({ path, width }: { readonly path: string; readonly width?: number | undefined }) => ({
    body: { path, ...(width !== undefined && { width }) },
  }),
  response: (_, image) => image,
})
