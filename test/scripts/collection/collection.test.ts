import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createCloudApi } from '../../../scripts/collection/cloudApi.ts'
import { prepareCollection } from '../../../scripts/collection/prepareCollection.ts'
import { readSettings } from '../../../scripts/collection.ts'
import { ROOT } from '../../../scripts/projectRoot.ts'
import { findClosedPort } from '../../support/findClosedPort.ts'
import {
  type CloudApiServer,
  CREDENTIALS,
  ENVIRONMENT_ID,
  newTable,
  startCloudApiServer,
} from './cloudApiServer.ts'

const ENVIRONMENT = {
  TCB_ENV_ID: ENVIRONMENT_ID,
  TENCENTCLOUD_SECRETID: CREDENTIALS.secretId,
  TENCENTCLOUD_SECRETKEY: CREDENTIALS.secretKey,
}
const COLLECTION = 'weapp_functions'
const ALL_WELL = {
  rule: 'ADMINONLY',
  indexes: new Map([
    ['_id_', ['_id']],
    ['expiresAtMs', ['expiresAtMs']],
  ]),
}

const prepare = ({ endpoint }: CloudApiServer, changed: Readonly<Record<string, string>> = {}) => {
  const settings = readSettings({ ...ENVIRONMENT, ...changed }, endpoint)
  return prepareCollection(createCloudApi(settings), { ...settings, pauseMs: 1 })
}

/** The command as it is typed, with what it prints and its exit code. */
async function run(
  { endpoint }: Pick<CloudApiServer, 'endpoint'>,
  changed: Readonly<Record<string, string>> = {},
) {
  const command = [join(ROOT, 'scripts/collection.ts'), '--endpoint', endpoint]
  const env = { PATH: process.env.PATH, ...ENVIRONMENT, STATE_TABLE: '', TENCENTCLOUD_REGION: '', ...changed }
  const options = { cwd: ROOT, env }
  return promisify(execFile)(process.execPath, ['--import', 'tsx', ...command], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

test('a collection that is missing is made: closed from the start, and indexed', async () => {
  const cloudApi = await startCloudApiServer()

  const { code, stdout } = await run(cloudApi)

  expect(code).toBe(0)
  expect(cloudApi.tables).toEqual(new Map([[COLLECTION, ALL_WELL]]))
  expect(cloudApi.actions).not.toContain('ModifyDatabaseACL')
  expect(stdout.trim().split('\n')).toEqual([
    'State of the environment env-1 (ap-shanghai):',
    '  the collection weapp_functions: created',
    '  closed to all clients (ADMINONLY): yes',
    '  the index on expiresAtMs: created',
    '  read back: all is as it should be',
  ])
})

test('a second run changes nothing, and says that all is there', async () => {
  const cloudApi = await startCloudApiServer()
  await prepare(cloudApi)
  const before = cloudApi.actions.length

  const lines = await prepare(cloudApi)

  expect(lines).toEqual([
    'the collection weapp_functions: was there',
    'closed to all clients (ADMINONLY): yes',
    'the index on expiresAtMs: was there',
    'read back: all is as it should be',
  ])
  expect(cloudApi.actions.slice(before).every((action) => action.startsWith('Describe'))).toBe(true)
})

test.each(['READONLY', 'PRIVATE', 'ADMINWRITE', 'CUSTOM'])(
  'a collection that clients reach by the rule %s is closed to them',
  async (rule) => {
    const cloudApi = await startCloudApiServer()
    cloudApi.tables.set(COLLECTION, newTable(rule))

    const lines = await prepare(cloudApi)

    expect(cloudApi.tables.get(COLLECTION)).toEqual(ALL_WELL)
    expect(lines).toContain(`closed to all clients (ADMINONLY): done, the rule was ${rule}`)
  },
)

test('an index that begins with the field will do, whatever its name', async () => {
  const cloudApi = await startCloudApiServer()
  const table = newTable('ADMINONLY')
  table.indexes.set('by hand', ['expiresAtMs', 'version'])
  cloudApi.tables.set(COLLECTION, table)

  await prepare(cloudApi)

  expect([...table.indexes.keys()]).toEqual(['_id_', 'by hand'])
})

test('the collection has the name that the functions are given, and the other ones are left alone', async () => {
  const cloudApi = await startCloudApiServer()
  cloudApi.tables.set(COLLECTION, newTable('READONLY'))

  await prepare(cloudApi, { STATE_TABLE: 'states-2' })

  expect(cloudApi.tables).toEqual(
    new Map([
      [COLLECTION, newTable('READONLY')],
      ['states-2', ALL_WELL],
    ]),
  )
})

test.each(['DescribeDatabaseACL', 'ModifyDatabaseACL', 'UpdateTable'])(
  'a %s that is refused for a while is tried again',
  async (action) => {
    const cloudApi = await startCloudApiServer()
    cloudApi.tables.set(COLLECTION, newTable('PRIVATE'))
    cloudApi.refusals.set(action, ['InternalError', 'UnsupportedOperation.TaskExisted'])

    await prepare(cloudApi)

    expect(cloudApi.tables.get(COLLECTION)).toEqual(ALL_WELL)
  },
)

test('a rule that is acknowledged but does not hold is told', async () => {
  const cloudApi = await startCloudApiServer()
  cloudApi.tables.set(COLLECTION, newTable('READONLY'))
  cloudApi.forgetsRules = true

  await expect(prepare(cloudApi)).rejects.toThrow('the rule that stands there is READONLY, not ADMINONLY')
})

test.each([
  ['a wrong key', { TENCENTCLOUD_SECRETKEY: 'another' }, 'AuthFailure.SignatureFailure'],
  ['an unknown id', { TENCENTCLOUD_SECRETID: 'another' }, 'AuthFailure.SecretIdNotFound'],
  ["an environment that is not the account's", { TCB_ENV_ID: 'env-2' }, 'InvalidParameter.EnvId'],
])('%s is told at once in the words of Tencent, and nothing is done', async (_, changed, words) => {
  const cloudApi = await startCloudApiServer()

  const { code, stderr } = await run(cloudApi, changed)

  expect(code).toBe(1)
  expect(stderr).toMatch(
    new RegExp(`^CreateTable: ${words}: .* \\(request request-1\\)\\n\\nThe same by hand`),
  )
  expect(stderr).not.toContain(CREDENTIALS.secretKey)
  expect(cloudApi.tables.size).toBe(0)
})

test('an address where nobody answers is told', async () => {
  const host = `127.0.0.1:${await findClosedPort()}`

  expect(await run({ endpoint: `http://${host}` })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${host} does not answer: Error: connect ECONNREFUSED`),
  })
})

test('everything that is missing or malformed is named at once', () => {
  const name = 'STATE_TABLE is no name of a collection'

  expect(() => readSettings({})).toThrow(
    'TCB_ENV_ID is missing.\nTENCENTCLOUD_SECRETID is missing.\nTENCENTCLOUD_SECRETKEY is missing.',
  )
  for (const STATE_TABLE of ['_states', 'a.b', 'a b', 'x'.repeat(97)]) {
    expect(() => readSettings({ ...ENVIRONMENT, STATE_TABLE })).toThrow(name)
  }
  expect(() => readSettings(ENVIRONMENT, 'tcb.tencentcloudapi.com')).toThrow('--endpoint')
})

test.each([
  ['TCB_ENV_ID', { TCB_ENV_ID: 'env-1', TCB_ENV: 'env-2' }],
  ['TCB_ENV', { TCB_ENV_ID: '', TCB_ENV: 'env-1' }],
])('the environment is that of %s', (_, variables) => {
  expect(readSettings({ ...ENVIRONMENT, ...variables })).toMatchObject({
    environmentId: 'env-1',
    endpoint: new URL('https://tcb.tencentcloudapi.com'),
    region: 'ap-shanghai',
  })
})
