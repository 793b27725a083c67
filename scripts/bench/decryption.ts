import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../projectRoot.ts'
import { bundleHandler } from './bundleHandler.ts'
import { compareWarm } from './compareWarm.ts'
import type { Deployment } from './deployment.ts'
import type { Section } from './report.ts'

const SAMPLE = 'open-data/userinfo-official-demo'

/** The way of WeChat's own sample, without its look at the app id. */
const BARE = `
  import { createDecipheriv } from 'node:crypto'
  export const handler = async ({ encryptedData, iv, sessionKey }) => {
    const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(iv, 'base64'))
    const text = decipher.update(encryptedData, 'base64', 'utf8') + decipher.final('utf8')
    return { openData: JSON.parse(text) }
  }`

const OURS = `
  import { decryptOpenData } from './shared/core/decryptOpenData.ts'
  export const handler = async ({ encryptedData, iv, sessionKey, expected }) =>
    decryptOpenData(Buffer.from(encryptedData, 'base64'), Buffer.from(iv, 'base64'), sessionKey, expected)`

type Sample = {
  readonly name: string
  readonly inputs: Readonly<Record<'appId' | 'sessionKey' | 'iv' | 'encryptedData', string>>
  readonly expected: { readonly json: { readonly openId: string } }
}

/** What our checks cost beside the decryption itself. */
export async function measureDecryption({ folder }: Deployment): Promise<Section> {
  const { inputs, openid } = await readSample()
  const event = { ...inputs, expected: { appId: inputs.appId, openid } }
  const [file, bareFile] = await Promise.all([
    bundleHandler(OURS, join(folder, 'decryption/ours.mjs')),
    bundleHandler(BARE, join(folder, 'decryption/bare.mjs')),
  ])
  const { ours, bare } = await compareWarm({ file, bareFile, event }, openid, {})

  return {
    title: "5. Decrypting open data, WeChat's own sample",
    columns: ['ours, µs', 'node:crypto and JSON.parse alone, µs', 'ratio'],
    rows: [
      {
        name: 'decryptOpenData: padding, UTF-8, fields, app, owner, edited iv',
        cells: [
          { value: ours.median, spread: ours },
          { value: bare.median, spread: bare },
          { value: ours.median / bare.median, digits: 2 },
        ],
      },
    ],
  }
}

async function readSample() {
  const text = await readFile(join(ROOT, 'test/vectors/auth-opendata-push.json'), 'utf8')
  const sample = (JSON.parse(text) as readonly Sample[]).find(({ name }) => name === SAMPLE)
  if (!sample) throw new Error(`there is no vector ${SAMPLE}`)

  return { inputs: sample.inputs, openid: sample.expected.json.openId }
}
