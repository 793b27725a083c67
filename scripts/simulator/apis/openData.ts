import { type Api, answerOk, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'
import { type Wechat, watermarkOf } from '../wechat.ts'

const CLOUD_ID_LIFE_MS = 300_000

/** POST /wxa/business/getuserphonenumber: a phone number for the one-time code of the getPhoneNumber button. */
export const getPhoneNumber: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',

  handle(wechat, { json, took }) {
    const code = readText(json, 'code')
    const found = wechat.phoneCodes.look(code)
    const isForAnother =
      typeof found === 'object' && json.openid !== undefined && json.openid !== found.subject.openid
    if (typeof found === 'string' || isForAnother) throw new ApiError(40029, 'invalid code')

    took()
    wechat.phoneCodes.spend(code)
    const { phoneNumber } = found.subject
    return answerOk({
      // The documentation says string, real answers carry a number.
      phone_info: {
        phoneNumber,
        purePhoneNumber: phoneNumber,
        countryCode: 86,
        watermark: watermarkOf(wechat),
      },
    })
  },
}

/** POST /wxa/getopendata: the open data behind cloud ids, each good for one openid and for five minutes. */
export const getOpenData: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',

  handle(wechat, { json, query, took }) {
    const cloudIds = json.cloudid_list
    if (!Array.isArray(cloudIds) || cloudIds.length === 0) throw new ApiError(40097, 'invalid args')

    took()
    const openid = query.openid || undefined
    const resolved = cloudIds.map(String).map((cloudID) => ({
      cloud_id: cloudID,
      // JSON inside JSON, as documented.
      json: JSON.stringify({ cloudID, ...resolve(wechat, cloudID, openid) }),
    }))
    return answerOk({ data_list: resolved })
  },
}

function resolve(wechat: Wechat, cloudId: string, openid: string | undefined): object {
  const subject = wechat.cloudIds.get(cloudId)
  if (!subject) return { errCode: -601005, errMsg: 'invalid cloudID.' }
  if (wechat.nowMs() - subject.issuedAtMs >= CLOUD_ID_LIFE_MS)
    return { errCode: -601006, errMsg: 'cloudID expired.' }

  const needsOpenid = subject.kind === 'phoneNumber' || openid !== undefined
  if (needsOpenid && openid !== subject.openid)
    return { errCode: -601007, errMsg: 'cloudID and caller mismatch.' }
  return { data: { ...subject.data, watermark: watermarkOf(wechat, subject.issuedAtMs) } }
}
