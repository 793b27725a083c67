import { createHash, createHmac } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

type Table = { rule: string; indexes: Map<string, readonly string[]> }

type Parameters = Readonly<Record<string, unknown>>

export const CREDENTIALS = { secretId: 'AKIDofthetest', secretKey: 'canary-secret-key-81c7' } as const
export const ENVIRONMENT_ID = 'env-1'

/** As much of Tencent Cloud's API for CloudBase as the collection needs, with an account of one environment. */
export type CloudApiServer = {
  readonly endpoint: string
  /** The collections of the environment by their names. Tests may put some there. */
  readonly tables: Map<string, Table>
  /** The actions that were asked for so far and correctly signed. */
  readonly actions: readonly string[]
  /** The next calls of an action are refused with these codes. */
  readonly refusals: Map<string, string[]>
  /** While set, a change of the rule is acknowledged and not made. */
  forgetsRules: boolean
}

export const newTable = (rule: string): Table => ({ rule, indexes: new Map([['_id_', ['_id']]]) })

const refuse = (code: string): never => {
  throw new Error(code)
}

export async function startCloudApiServer(): Promise<CloudApiServer> {
  const tables = new Map<string, Table>()
  const refusals = new Map<string, string[]>()
  const actions: string[] = []

  function tableOf({ EnvId, TableName, CollectionName }: Parameters): Table {
    if (EnvId !== ENVIRONMENT_ID) refuse('InvalidParameter.EnvId')
    const table = tables.get(String(TableName ?? CollectionName))
    return table ?? refuse('ResourceNotFound')
  }

  const ACTIONS: Readonly<Record<string, (parameters: Parameters) => object>> = {
    CreateTable({ EnvId, TableName, PermissionInfo }) {
      if (EnvId !== ENVIRONMENT_ID) refuse('InvalidParameter.EnvId')
      if (tables.has(String(TableName))) refuse('ResourceInUse')
      const { AclTag = 'PRIVATE' } = (PermissionInfo ?? {}) as { AclTag?: string }
      tables.set(String(TableName), newTable(AclTag))
      return {}
    },
    DescribeTable(parameters) {
      const { indexes } = tableOf(parameters)
      const toKeys = (names: readonly string[]) => names.map((Name) => ({ Name, Direction: '1' }))
      const Indexes = [...indexes].map(([Name, names]) => ({
        Name,
        Unique: Name === '_id_',
        Keys: toKeys(names),
      }))
      return { Indexes, IndexNum: Indexes.length }
    },
    UpdateTable(parameters) {
      const { indexes } = tableOf(parameters)
      const wanted = parameters.CreateIndexes as readonly {
        IndexName: string
        MgoKeySchema: { MgoIsUnique: boolean; MgoIndexKeys: readonly { Name: string; Direction: string }[] }
      }[]
      for (const { IndexName, MgoKeySchema } of wanted) {
        if (MgoKeySchema.MgoIsUnique !== false || indexes.has(IndexName)) refuse('InvalidParameter')
        indexes.set(
          IndexName,
          MgoKeySchema.MgoIndexKeys.map(({ Name }) => Name),
        )
      }
      return {}
    },
    DescribeDatabaseACL: (parameters) => ({ AclTag: tableOf(parameters).rule }),
    ModifyDatabaseACL(parameters) {
      const table = tableOf(parameters)
      if (!cloudApi.forgetsRules) table.rule = String(parameters.AclTag)
      return {}
    },
  }

  function answer(headers: http.IncomingHttpHeaders, body: string): object {
    const action = String(headers['x-tc-action'])
    requireSignature(headers, body)
    actions.push(action)
    const refusal = refusals.get(action)?.shift()
    if (refusal) refuse(refusal)
    const act = ACTIONS[action]
    if (!act || headers['x-tc-version'] !== '2018-06-08') return refuse('InvalidParameter.Action')
    if (!headers['x-tc-region']) refuse('MissingParameter')
    return act(JSON.parse(body))
  }

  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const RequestId = 'request-1'
    try {
      response.end(JSON.stringify({ Response: { ...answer(request.headers, body), RequestId } }))
    } catch (refusal) {
      const error = { Code: (refusal as Error).message, Message: 'as the test wants it' }
      response.end(JSON.stringify({ Response: { Error: error, RequestId } }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const cloudApi: CloudApiServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tables,
    actions,
    refusals,
    forgetsRules: false,
  }
  return cloudApi
}

const AUTHORIZATION =
  /^TC3-HMAC-SHA256 Credential=([^/]+)\/(\d{4}-\d\d-\d\d)\/tcb\/tc3_request, SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/

/** From what came over the wire, step by step as https://cloud.tencent.com/document/api/362/4208 has it. */
function requireSignature(headers: http.IncomingHttpHeaders, body: string): void {
  const [, secretId, date = '', names = '', signature] = AUTHORIZATION.exec(headers.authorization ?? '') ?? []
  if (secretId !== CREDENTIALS.secretId) refuse('AuthFailure.SecretIdNotFound')

  const timestamp = Number(headers['x-tc-timestamp'])
  const isFresh = Math.abs(Date.now() / 1000 - timestamp) < 300
  if (!isFresh || new Date(timestamp * 1000).toISOString().slice(0, 10) !== date)
    refuse('AuthFailure.SignatureExpire')

  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const signedNames = names.split(';')
  if (!signedNames.includes('content-type') || !signedNames.includes('host'))
    refuse('AuthFailure.InvalidAuthorization')
  const lines = signedNames.map((name) => `${name}:${String(headers[name]).trim().toLowerCase()}\n`)
  const canonicalRequest = `POST\n/\n\n${lines.join('')}\n${names}\n${hash(body)}`
  const stringToSign = `TC3-HMAC-SHA256\n${timestamp}\n${date}/tcb/tc3_request\n${hash(canonicalRequest)}`
  const secretSigning = hmac(hmac(hmac(`TC3${CREDENTIALS.secretKey}`, date), 'tcb'), 'tc3_request')
  if (hmac(secretSigning, stringToSign).toString('hex') !== signature) refuse('AuthFailure.SignatureFailure')
}
