import { hmacSha256, sha256Hex } from '../../shared/core/digest.ts'

export type Credentials = {
  readonly secretId: string
  readonly secretKey: string
  /** Of temporary credentials alone. */
  readonly sessionToken?: string
}

type Call = {
  /** `tcb` */
  readonly service: string
  readonly host: string
  readonly action: string
  readonly body: string
}

const ALGORITHM = 'TC3-HMAC-SHA256'
const CONTENT_TYPE = 'application/json; charset=utf-8'

/**
 * The headers that sign a call of Tencent Cloud's API 3.0: a POST of JSON to `/`.
 *
 * @param nowMs the time of signing, which Tencent accepts within five minutes of its own
 * @see https://cloud.tencent.com/document/api/362/4208
 */
export function signTc3(
  { service, host, action, body }: Call,
  { secretId, secretKey, sessionToken }: Credentials,
  nowMs: number,
): Record<string, string> {
  // In the order of their names, as they are signed.
  const signed = { 'content-type': CONTENT_TYPE, host, 'x-tc-action': action.toLowerCase() }
  const names = Object.keys(signed).join(';')
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['POST', '/', '', lines.join(''), names, sha256Hex(body)].join('\n')

  const timestamp = String(Math.floor(nowMs / 1000))
  const date = new Date(nowMs).toISOString().slice(0, 10)
  const scope = `${date}/${service}/tc3_request`
  const toSign = [ALGORITHM, timestamp, scope, sha256Hex(canonical)].join('\n')
  const key = [date, service, 'tc3_request'].reduce<string | Buffer>(hmacSha256, `TC3${secretKey}`)
  const signature = hmacSha256(key, toSign).toString('hex')

  return {
    'content-type': CONTENT_TYPE,
    'x-tc-action': action,
    'x-tc-timestamp': timestamp,
    ...(sessionToken && { 'x-tc-token': sessionToken }),
    authorization: `${ALGORITHM} Credential=${secretId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}
