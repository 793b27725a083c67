import type { Api } from './api.ts'
import { getAccessToken, getStableAccessToken } from './apis/accessToken.ts'
import { createQRCode, getQRCode, getUnlimitedQRCode } from './apis/code.ts'
import { imgSecCheck, mediaCheckAsync, msgSecCheck } from './apis/content.ts'
import { sendCustomerMessage } from './apis/customerMessage.ts'
import { checkSession, code2Session, resetUserSessionKey } from './apis/login.ts'
import { getOpenData, getPhoneNumber } from './apis/openData.ts'
import { verifySignature } from './apis/soter.ts'
import { sendSubscribeMessage } from './apis/subscribeMessage.ts'

/** Every API of the simulated WeChat by its path. */
export const APIS: ReadonlyMap<string, Api> = new Map([
  ['/sns/jscode2session', code2Session],
  ['/wxa/checksession', checkSession],
  ['/wxa/resetusersessionkey', resetUserSessionKey],
  ['/cgi-bin/token', getAccessToken],
  ['/cgi-bin/stable_token', getStableAccessToken],
  ['/wxa/business/getuserphonenumber', getPhoneNumber],
  ['/wxa/getopendata', getOpenData],
  ['/cgi-bin/soter/verify_signature', verifySignature],
  ['/cgi-bin/message/subscribe/send', sendSubscribeMessage],
  ['/cgi-bin/message/custom/send', sendCustomerMessage],
  ['/wxa/getwxacode', getQRCode],
  ['/wxa/getwxacodeunlimit', getUnlimitedQRCode],
  ['/cgi-bin/wxaapp/createwxaqrcode', createQRCode],
  ['/wxa/msg_sec_check', msgSecCheck],
  ['/wxa/img_sec_check', imgSecCheck],
  ['/wxa/media_check_async', mediaCheckAsync],
])
