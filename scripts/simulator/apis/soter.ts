import { type Api, answerJson, answerOk, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'
import { isSoterSignature } from '../soterDevice.ts'

/** POST /cgi-bin/soter/verify_signature: whether a device of this user signed exactly this JSON. A "no" is short. */
export const verifySignature: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',

  handle(wechat, { json, took }) {
    const user = wechat.users.withOpenid(readText(json, 'openid'))
    if (!user) throw new ApiError(40003, 'invalid openid')

    took()
    const signature = Buffer.from(readText(json, 'json_signature'), 'base64')
    const isOk = isSoterSignature(user.devices, readText(json, 'json_string'), signature)
    return isOk ? answerOk({ is_ok: true }) : answerJson({ is_ok: false })
  },
}
