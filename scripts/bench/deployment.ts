import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloudCallToSimulator } from '../../test/support/cloudCallToSimulator.ts'
import { startFakeCloudBase } from '../../test/support/fakeCloudBase.ts'
import { createFakeDatabase } from '../../test/support/fakeCloudBaseDatabase.ts'
import { type BuiltFunction, build } from '../build.ts'
import type { Phone } from '../simulator/phone.ts'
import { type Simulator, startSimulator } from '../simulator/simulator.ts'
import { DEFAULT_TEMPLATES } from '../simulator/templates.ts'
import { startStateTable } from '../stateTable.ts'

type Variables = Readonly<Record<string, string>>

/** The built functions in a folder of their own, and all that they reach over the network. */
export type Deployment = {
  readonly folder: string
  readonly functions: readonly BuiltFunction[]
  readonly simulator: Simulator
  /** Of a user who has just been active. */
  readonly phone: Phone
  /** The variables of a deployment that keeps its state in memory and reaches WeChat over HTTP. */
  readonly environment: Variables
  /** Added to those: state in DynamoDB. */
  readonly dynamoDb: Variables
  /** Added to those: state in CloudBase's database. */
  readonly cloudBaseDatabase: Variables
  /** Added to those: WeChat through CloudBase, and what wx-server-sdk finds in a cloud function. */
  readonly cloudCall: Variables
  readonly fileOnCloudBase: (name: string) => string
  readonly fileOnLambda: (name: string) => string
  close(): Promise<void>
}

export const APP = { appId: 'wx0123456789abcdef', appSecret: 'secret-of-the-measured-app' } as const
export const SERVER_KEY = 'server-key-of-the-measured-deployment'
const COLLECTION = 'states'

/** The variables of a deployment that keeps its state in memory and reaches this WeChat over HTTP. */
export const createEnvironment = (wechatUrl: string): Variables => ({
  WECHAT_APP_ID: APP.appId,
  WECHAT_APP_SECRET: APP.appSecret,
  WECHAT_API_BASE_URL: wechatUrl,
  WECHAT_SUBSCRIBE_TEMPLATES: DEFAULT_TEMPLATES.map(({ id }) => id).join(','),
  STATE_STORE: 'memory',
  STATE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  SERVER_KEY,
})

export async function startDeployment(): Promise<Deployment> {
  const closing: (() => Promise<unknown>)[] = []
  const closeAll = async () => {
    for (const close of closing.reverse()) await close()
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'weapp-functions-bench-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))
    const functions = await build({ outdir: folder })
    const simulator = await startSimulator(APP)
    closing.push(simulator.close)
    const phone = simulator.phone('bench')
    phone.login()
    const stateTable = await startStateTable()
    closing.push(stateTable.close)
    const cloudBase = await startFakeCloudBase({
      openApi: cloudCallToSimulator(simulator, APP),
      database: createFakeDatabase(COLLECTION),
    })
    closing.push(cloudBase.close)

    return {
      folder,
      functions,
      simulator,
      phone,
      environment: createEnvironment(simulator.url),
      dynamoDb: stateTable.environment,
      cloudBaseDatabase: { ...cloudBase.environment, STATE_STORE: 'cloudbase', STATE_TABLE: COLLECTION },
      cloudCall: { ...cloudBase.environment, WECHAT_TRANSPORT: 'cloudcall' },
      fileOnCloudBase: (name) => join(folder, 'cloudbase', name, 'index.js'),
      fileOnLambda: (name) => join(folder, 'lambda', name, 'index.mjs'),
      close: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}
