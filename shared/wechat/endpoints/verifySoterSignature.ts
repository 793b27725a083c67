import { defineEndpoint } from '../endpoint.ts'

/**
 * Has WeChat verify a SOTER signature: only WeChat holds the public keys of its users' devices.
 *
 * It checks the signature and its owner, nothing else: neither that the challenge is ours nor that it is new.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/server/API/soter/api_verifysignature.html
 */
export const verifySoterSignature = defineEndpoint({
  method: 'POST',
  path: '/cgi-bin/soter/verify_signature',
  credential: 'accessToken',
  effect: 'read',
  cloudCall: 'soter.verifySignature',
  request: (input: {
    readonly openid: string
    readonly resultJson: string
    readonly signatureBase64: string
  }) => ({
    body: { openid: input.openid, json_string: input.resultJson, json_signature: input.signatureBase64 },
  }),
  response: ({ is_ok }) => ({ isOk: is_ok === true }),
})
