import { defineEndpoint } from '../endpoint.ts'
import { readIssuedToken } from './issuedToken.ts'

/**
 * Fetches the current access token. Asking again gives the same token with the seconds it has left, so
 * many instances may ask at once; WeChat itself renews it during its last five minutes.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 */
export const getStableAccessToken = defineEndpoint({
  method: 'POST',
  path: '/cgi-bin/stable_token',
  credential: 'appSecret',
  effect: 'read',
  problems: { 40001: 'CONFIG_ERROR' },
  request: (_: object, { appId, appSecret }) => ({
    body: { grant_type: 'client_credential', appid: appId, secret: appSecret.reveal(), force_refresh: false },
  }),
  response: readIssuedToken,
})
