import { type PushQuery, type PushSettings, readPushQuery, refusedPush } from './pushQuery.ts'
import { verifyPushSignature } from './pushSignature.ts'

/**
 * Verifies the request with which WeChat's console asks whose URL this is.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 *
 * @returns the `echostr` to answer, as plain text
 * @throws Problem `UNAUTHENTICATED` when it is not WeChat that asks, `CONFIG_ERROR` without a token
 */
export function verifyUrl(query: PushQuery, settings: PushSettings, nowMs: number): string {
  const { signature, timestamp, nonce, echostr = '' } = readPushQuery(query, nowMs)
  verifyPushSignature('signature', signature, settings.pushToken.reveal(), timestamp, nonce)
  if (!/^[\x21-\x7e]{1,256}$/.test(echostr)) throw refusedPush('echostr is missing or malformed')

  return echostr
}
