import { defineEndpoint } from '../endpoint.ts'
import { readIssuedToken } from './issuedToken.ts'

/**
 * Makes a new access token and ends the one before (five minutes of overlap). Only for deployments that
 * share a token with other software through this legacy endpoint.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html
 */
export const getAccessToken = defineEndpoint({
  method: 'GET',
  path: '/cgi-bin/token',
  credential: 'appSecret',
  effect: 'read',
  problems: { 40001: 'CONFIG_ERROR' },
  request: (_: object, { appId, appSecret }) => ({
    query: { grant_type: 'client_credential', appid: appId, secret: appSecret.reveal() },
  }),
  response: readIssuedToken,
})
