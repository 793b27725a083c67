import { hmacSha256, sha1Hex } from './digest.ts'

/**
 * WeChat's user-session signature: HMAC-SHA-256 in lower-case hex, keyed with the base64 *text* of the
 * session key. The key is not decoded.
 *
 * https://developers.weixin.qq.com/minigame/dev/guide/open-ability/http-signature.html
 */
export const sessionSignature = (sessionKey: string, message: string): string =>
  hmacSha256(sessionKey, message).toString('hex')

/**
 * WeChat's signature of `rawData`: SHA-1 in lower-case hex over the exact text received and the session key.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */
export const rawDataSignature = (rawData: string, sessionKey: string): string => sha1Hex(rawData + sessionKey)
