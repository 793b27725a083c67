import type { IncomingMessage } from 'node:http'

/** A request as it came in: nothing checked yet, its body read to the end. */
export type IncomingCall = {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly contentType: string
  readonly bytes: Buffer
}

/** Reads a request to its end. Rejects when the caller goes away before. */
export async function readIncoming(request: IncomingMessage): Promise<IncomingCall> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)

  return {
    method: request.method ?? 'GET',
    path: pathname,
    query: Object.fromEntries(searchParams),
    contentType: request.headers['content-type'] ?? '',
    bytes: Buffer.concat(chunks),
  }
}
