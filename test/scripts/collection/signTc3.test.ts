import { expect, test } from 'vitest'
import { signTc3 } from '../../../scripts/collection/signTc3.ts'

/** As it is printed on https://cloud.tencent.com/document/api/362/4208, where the stars are part of it. */
const SAMPLE = {
  call: {
    service: 'cvm',
    host: 'cvm.tencentcloudapi.com',
    action: 'DescribeInstances',
    body: String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`,
  },
  credentials: { secretId: `AKID${'*'.repeat(32)}`, secretKey: '*'.repeat(32) },
  nowMs: 1551113065_000,
  signature: '10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
}

test("Tencent's own example is signed as Tencent signs it", () => {
  const { call, credentials, nowMs, signature } = SAMPLE

  expect(signTc3(call, credentials, nowMs)).toEqual({
    'content-type': 'application/json; charset=utf-8',
    'x-tc-action': 'DescribeInstances',
    'x-tc-timestamp': '1551113065',
    authorization:
      `TC3-HMAC-SHA256 Credential=${credentials.secretId}/2019-02-25/cvm/tc3_request, ` +
      `SignedHeaders=content-type;host;x-tc-action, Signature=${signature}`,
  })
})

test('the token of temporary credentials goes along', () => {
  const { call, credentials, nowMs } = SAMPLE

  expect(signTc3(call, { ...credentials, sessionToken: 't' }, nowMs)).toMatchObject({ 'x-tc-token': 't' })
})
