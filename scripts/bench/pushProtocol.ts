import { join } from 'node:path'
import { toPushRequest } from '../simulator/push/pushRequest.ts'
import type { PushTarget } from '../simulator/push/pushTarget.ts'
import { bundleHandler } from './bundleHandler.ts'
import { compareWarm } from './compareWarm.ts'
import { APP, type Deployment } from './deployment.ts'
import type { Row, Section } from './report.ts'

const TOKEN = 'benchPushToken'
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const SENT_AT_MS = 1_768_464_000_000

const OURS = `
  import { openPush } from './shared/push/openPush.ts'
  import { readPushMessage } from './shared/push/readPushMessage.ts'
  import { Secret } from './shared/core/secret.ts'
  const settings = {
    appId: '${APP.appId}', pushMode: 'encrypted',
    pushToken: new Secret('${TOKEN}'), pushKeys: [new Secret('${AES_KEY}')],
  }
  export const handler = async ({ query, body }) => {
    const { format, text } = openPush({ query, body: Buffer.from(body) }, settings, ${SENT_AT_MS})
    return { traceId: readPushMessage(format, text).fields.trace_id }
  }`

/** The way of the samples: decrypted without a look at signature, length and app id. */
const BARE = `
  import { createDecipheriv } from 'node:crypto'
  const key = Buffer.from('${AES_KEY}=', 'base64')
  export const handler = async ({ body }) => {
    const encrypted = body.startsWith('<') ? /<Encrypt><!\\[CDATA\\[(.*?)\\]\\]>/s.exec(body)[1] : JSON.parse(body).Encrypt
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()])
    const text = plain.toString('utf8', 20, 20 + plain.readUInt32BE(16))
    return { traceId: text.startsWith('<') ? /<trace_id><!\\[CDATA\\[(.*?)\\]\\]>/.exec(text)[1] : JSON.parse(text).trace_id }
  }`

/** What it costs to be sure that a push is WeChat's, beside decrypting it. */
export async function measurePushProtocol({ folder }: Deployment): Promise<Section> {
  const [file, bareFile] = await Promise.all([
    bundleHandler(OURS, join(folder, 'push/ours.mjs')),
    bundleHandler(BARE, join(folder, 'push/bare.mjs')),
  ])
  const rows: Row[] = []
  for (const format of ['json', 'xml'] as const) {
    const event = pushOf({ url: 'http://127.0.0.1/', token: TOKEN, aesKey: AES_KEY, format })
    const { ours, bare } = await compareWarm({ file, bareFile, event }, 'bench-trace', {})
    rows.push({
      name: `${format.toUpperCase()}: signatures, cipher, padding, length, app id, limits, 64-bit ids`,
      cells: [
        { value: ours.median, spread: ours },
        { value: bare.median, spread: bare },
        { value: ours.median / bare.median, digits: 2 },
      ],
    })
  }
  return {
    title: '6. Opening an encrypted push, a verdict on a media check',
    columns: ['ours, µs', 'node:crypto and JSON.parse or a regular expression, µs', 'ratio'],
    rows,
  }
}

function pushOf(target: Exclude<PushTarget, { deliver: unknown }>) {
  const message = {
    ToUserName: 'gh_97417a04a28d',
    FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
    CreateTime: SENT_AT_MS / 1000,
    MsgType: 'event',
    Event: 'wxa_media_check',
    appid: APP.appId,
    trace_id: 'bench-trace',
    version: 2,
    detail: [{ strategy: 'content_model', errcode: 0, suggest: 'pass', label: 100, prob: 90 }],
    errcode: 0,
    result: { suggest: 'pass', label: 100 },
  }
  const { url, body } = toPushRequest(target, message, { appId: APP.appId, nowMs: () => SENT_AT_MS })
  return { query: [...url.searchParams], body }
}
