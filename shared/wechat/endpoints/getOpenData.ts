import { isJsonObject } from '../../core/json.ts'
import { parseJson } from '../../core/parseJson.ts'
import { Problem } from '../../core/problem.ts'
import { defineEndpoint, type WechatJson } from '../endpoint.ts'

/**
 * Exchanges a cloudID for the open data it stands for, as this user.
 *
 * WeChat documents the item's `json` as a text and shows an object, with the data inside or as itself: all
 * of them are read. An item that carries an error is the problem `OPEN_DATA_UNTRUSTED`.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/cloudbase/others/api_getopendata.html
 */
export const getOpenData = defineEndpoint({
  method: 'POST',
  path: '/wxa/getopendata',
  credential: 'accessToken',
  effect: 'read',
  cloudCall: 'cloudbase.getOpenData',
  problems: {
    [-601005]: 'OPEN_DATA_UNTRUSTED',
    [-601006]: 'OPEN_DATA_UNTRUSTED',
    [-601007]: 'OPEN_DATA_UNTRUSTED',
    [-601009]: 'OPEN_DATA_UNTRUSTED',
  },
  request: ({ cloudId, openid }: { readonly cloudId: string; readonly openid: string }) => ({
    query: { openid },
    body: { cloudid_list: [cloudId] },
  }),
  response(json): WechatJson {
    const [item] = Array.isArray(json.data_list) ? json.data_list : []
    const inner: unknown = isJsonObject(item) ? item.json : undefined
    const resolved = typeof inner === 'string' ? parseJson(inner) : inner
    if (!isJsonObject(resolved))
      throw new Problem('UPSTREAM_BAD_RESPONSE', { detail: 'data_list has no data' })
    if (hasError(resolved) || (isJsonObject(item) && hasError(item))) throw new Problem('OPEN_DATA_UNTRUSTED')

    return isJsonObject(resolved.data) ? resolved.data : resolved
  },
})

const hasError = ({ errCode, errcode }: WechatJson): boolean => Boolean(errCode ?? errcode)
