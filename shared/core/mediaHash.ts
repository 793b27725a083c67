import { createHash } from 'node:crypto'
import { Problem } from './problem.ts'

/** WeChat judges no larger files. */
const MAX_BYTES = 10 * 1024 * 1024

/**
 * SHA-256 in lower-case hex of media on their way, of which no more than a part is in memory at a time.
 *
 * @param announcedBytes their length as their host announces it; `NaN` where it does not
 * @throws Problem `MEDIA_TOO_LARGE` beyond 10 MiB, whether announced or counted
 */
export async function hashMedia(body: AsyncIterable<Uint8Array>, announcedBytes: number): Promise<string> {
  requireSize(announcedBytes)
  const hash = createHash('sha256')
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    requireSize(bytes)
    hash.update(part)
  }
  return hash.digest('hex')
}

function requireSize(bytes: number): void {
  if (bytes > MAX_BYTES) throw new Problem('MEDIA_TOO_LARGE', { reason: 'has more than 10 MiB' })
}
