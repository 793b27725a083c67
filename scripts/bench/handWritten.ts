import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../projectRoot.ts'

/** What people write by hand, each in its folder, with the packages that it requires installed. */
const SOURCES = {
  'empty/index.js': 'exports.main = async () => ({ ok: true })',
  'empty/index.mjs': 'export const handler = async () => ({ ok: true })',
  'wxContext/index.js': `
    const cloud = require('wx-server-sdk')
    cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
    exports.main = async () => cloud.getWXContext()`,
  'wxTextCheck/index.js': `
    const cloud = require('wx-server-sdk')
    cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
    exports.main = async (event) => {
      const { OPENID } = cloud.getWXContext()
      const { content, scene } = event
      return cloud.openapi.security.msgSecCheck({ version: 2, openid: OPENID, scene, content })
    }`,
  'nodeSdkAdd/index.js': `
    const tcb = require('@cloudbase/node-sdk')
    const database = tcb.init({ env: process.env.TCB_ENV }).database()
    exports.main = async () => {
      const { id } = await database.collection(process.env.STATE_TABLE).add({ _id: 'bench ' + crypto.randomUUID() })
      return { ok: true, id }
    }`,
  'awsPut/index.mjs': `
    import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
    const client = new DynamoDBClient({})
    export const handler = async (event, { awsRequestId }) => {
      const Item = { pk: { S: 'bench ' + awsRequestId } }
      await client.send(new PutItemCommand({ TableName: process.env.STATE_TABLE, Item }))
      return { ok: true }
    }`,
} as const

export type HandWritten = keyof typeof SOURCES

/** Writes them below a folder. */
export async function writeHandWritten(folder: string): Promise<(name: HandWritten) => string> {
  const root = join(folder, 'handWritten')
  for (const [path, source] of Object.entries(SOURCES)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), source)
  }
  await writeFile(join(root, 'package.json'), '{ "type": "commonjs" }')
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction')

  return (name) => join(root, name)
}
