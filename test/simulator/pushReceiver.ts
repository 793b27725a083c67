import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openPush, sealPush, signPush } from '../../scripts/simulator/push/pushCrypto.ts'
import type { HttpTarget } from '../../scripts/simulator/push/pushTarget.ts'
import { APP_ID } from './testSimulator.ts'

export const TOKEN = 'push-token'
export const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'

export type ReceivedPush = {
  readonly method: string
  readonly query: Readonly<Record<string, string>>
  readonly contentType: string
  readonly body: string
}
/** What the receiver answers; `hang` for nothing at all. */
export type Answering = (push: ReceivedPush) => { status?: number; body?: string } | 'hang'

/** A server as a developer has one: it keeps what is pushed to it and answers as it is told. */
export async function startPushReceiver() {
  const received: ReceivedPush[] = []
  let answering: Answering = () => ({ body: 'success' })

  async function read(request: IncomingMessage): Promise<ReceivedPush> {
    const { searchParams } = new URL(request.url ?? '/', 'http://receiver')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    return {
      method: request.method ?? '',
      query: Object.fromEntries(searchParams),
      contentType: request.headers['content-type'] ?? '',
      body: Buffer.concat(chunks).toString(),
    }
  }

  const server = createServer(async (request, response) => {
    const push = await read(request)
    received.push(push)
    const answer = answering(push)
    if (answer !== 'hang') response.writeHead(answer.status ?? 200).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    received,
    target: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/push?tenant=7`,
      token: TOKEN,
      aesKey: AES_KEY,
    } satisfies HttpTarget,
    answer(next: Answering): void {
      answering = next
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type PushReceiver = Awaited<ReturnType<typeof startPushReceiver>>

export const decrypt = (encrypted: string) => openPush(encrypted, { aesKey: AES_KEY, appId: APP_ID })

/** The JSON inside a push in the encrypted mode. */
export const readEncrypted = ({ body }: ReceivedPush) => JSON.parse(decrypt(JSON.parse(body).Encrypt))

/** An encrypted reply in JSON. */
export function sealReply(reply: object, changes: object = {}): string {
  const [TimeStamp, Nonce] = [1_790_000_000, '1234567']
  const Encrypt = sealPush(JSON.stringify(reply), { aesKey: AES_KEY, appId: APP_ID })
  const MsgSignature = signPush(TOKEN, String(TimeStamp), Nonce, Encrypt)
  return JSON.stringify({ Encrypt, MsgSignature, TimeStamp, Nonce, ...changes })
}
