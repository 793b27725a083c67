import { parseArgs } from 'node:util'
import { Config, type Environment } from '../shared/core/config.ts'
import { CloudApiError, type CloudApiOptions, createCloudApi } from './collection/cloudApi.ts'
import { type Place, prepareCollection } from './collection/prepareCollection.ts'
import { runCommand } from './command.ts'
import { loadEnvFile } from './envFile.ts'

/** Where the API is on the Chinese site. `--endpoint` takes another address. */
const ENDPOINT = 'https://tcb.tencentcloudapi.com'
const DEFAULT_REGION = 'ap-shanghai'

export type CollectionSettings = CloudApiOptions & Place

/**
 * Reads what `npm run collection` needs: `TCB_ENV_ID` (or `TCB_ENV`), `TENCENTCLOUD_SECRETID`,
 * `TENCENTCLOUD_SECRETKEY`, and if set `TENCENTCLOUD_SESSIONTOKEN`, `TENCENTCLOUD_REGION` and `STATE_TABLE`.
 *
 * @throws Error that names everything that is missing or malformed
 */
export function readSettings(environment: Environment, endpoint = ENDPOINT): CollectionSettings {
  const environmentId = environment.TCB_ENV_ID || environment.TCB_ENV || ''
  const secretId = environment.TENCENTCLOUD_SECRETID || ''
  const secretKey = environment.TENCENTCLOUD_SECRETKEY || ''
  const sessionToken = environment.TENCENTCLOUD_SESSIONTOKEN
  const collection = readCollection(environment)
  const faults = [
    !environmentId && 'TCB_ENV_ID is missing.',
    !secretId && 'TENCENTCLOUD_SECRETID is missing.',
    !secretKey && 'TENCENTCLOUD_SECRETKEY is missing.',
    !collection && 'STATE_TABLE is no name of a collection: 3 to 96 letters, digits, _ and -, no _ in front.',
    !(/^https?:/.test(endpoint) && URL.canParse(endpoint)) && '--endpoint takes an http or https URL.',
  ].filter((fault) => fault !== false)
  if (faults.length > 0) throw new Error(faults.join('\n'))

  return {
    environmentId,
    collection,
    endpoint: new URL(endpoint),
    region: environment.TENCENTCLOUD_REGION || DEFAULT_REGION,
    credentials: { secretId, secretKey, ...(sessionToken && { sessionToken }) },
  }
}

/** The collection's name, or an empty text: Tencent allows less than the variable does. */
function readCollection(environment: Environment): string {
  try {
    const name = new Config(environment).stateTable
    return /^[A-Za-z0-9-][\w-]{2,95}$/.test(name) ? name : ''
  } catch {
    return ''
  }
}

/** What to do where the API cannot be used. */
const byHand = (collection: string): string => `
The same by hand, in the CloudBase console (Document Database) or in the WeChat developer tools (Cloud, Database):
  1. create the collection ${collection};
  2. in its permissions choose that no user may read or write (所有用户不可读写, ADMINONLY);
  3. in its indexes add a non-unique ascending one on expiresAtMs.`

await runCommand(import.meta.filename, async () => {
  const { values } = parseArgs({ options: { endpoint: { type: 'string' } } })
  loadEnvFile()
  const settings = readSettings(process.env, values.endpoint)
  const { environmentId, collection, region } = settings
  console.log(`State of the environment ${environmentId} (${region}):`)
  try {
    for (const line of await prepareCollection(createCloudApi(settings), settings)) console.log(`  ${line}`)
  } catch (thrown) {
    if (thrown instanceof CloudApiError) throw new Error(`${thrown.message}\n${byHand(collection)}`)
    throw thrown
  }
})
