import { sha256Hex } from '../core/digest.ts'
import type { Upload } from './endpoint.ts'

/** One file as multipart/form-data (RFC 7578). The boundary is derived from the bytes, so it cannot occur by accident. */
export function encodeMultipart({ partName, fileName, contentType, bytes }: Upload): {
  headers: Record<string, string>
  body: Buffer
} {
  const boundary = `weapp-functions-${sha256Hex(bytes).slice(0, 32)}`
  const head =
    `--${boundary}\r\n` +
    `Content-Disposition: form-data; name="${partName}"; filename="${fileName}"\r\n` +
    `Content-Type: ${contentType}\r\n\r\n`

  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}
