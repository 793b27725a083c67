import { hmacSha256, sha256Hex } from '../../core/digest.ts'
import type { HttpRequest } from '../../ports/transport.ts'
import type { AwsSettings } from './awsSettings.ts'

const SERVICE = 'dynamodb'
const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * A DynamoDB JSON 1.0 call, signed with Signature Version 4.
 *
 * The request has one shape (POST, no query, these headers), so signing it takes a page and not a package.
 *
 * @param nowMs the time of signing, which AWS accepts within five minutes of its own
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedRequest(
  operation: string,
  body: string,
  { endpoint, region, credentials }: AwsSettings,
  nowMs: number,
): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const time = new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const date = time.slice(0, 8)
  // In the order of their names, as they are signed.
  const headers: Record<string, string> = {
    'content-type': 'application/x-amz-json-1.0',
    host: endpoint.host,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['POST', endpoint.pathname, '', lines.join(''), names, sha256Hex(body)].join('\n')

  const scope = `${date}/${region}/${SERVICE}/aws4_request`
  const toSign = [ALGORITHM, time, scope, sha256Hex(canonical)].join('\n')
  const key = [date, region, SERVICE, 'aws4_request'].reduce<string | Buffer>(
    hmacSha256,
    `AWS4${secretAccessKey}`,
  )
  const signature = hmacSha256(key, toSign).toString('hex')
  const authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`

  return {
    method: 'POST',
    url: endpoint.origin + endpoint.pathname,
    headers: { ...headers, authorization },
    body,
  }
}
