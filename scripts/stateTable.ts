import type { AddressInfo } from 'node:net'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'

const HOST = '127.0.0.1'
const CREATE_TIMEOUT_SECONDS = 10
const POLL_SECONDS = 0.02

export type StateTable = {
  /** What a deployment on this table has to set. */
  readonly environment: {
    readonly STATE_STORE: 'dynamodb'
    readonly STATE_TABLE: string
    readonly AWS_ENDPOINT_URL_DYNAMODB: string
    readonly AWS_REGION: string
    readonly AWS_ACCESS_KEY_ID: string
    readonly AWS_SECRET_ACCESS_KEY: string
  }
  close(): Promise<void>
}

/**
 * Starts an embedded DynamoDB with an empty state table, so that what runs on one machine is the store
 * code of production. It lives in memory, and does not delete by TTL.
 *
 * @param port 0 for any free one
 */
export async function startStateTable({ table = 'weapp_functions', port = 0 } = {}): Promise<StateTable> {
  const server = dynalite({ createTableMs: 0 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, HOST, resolve)
  })
  const environment = {
    STATE_STORE: 'dynamodb',
    STATE_TABLE: table,
    AWS_ENDPOINT_URL_DYNAMODB: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  } as const
  await createTable(environment)

  return {
    environment,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

/** AWS's own client, for the DynamoDB that the environment names. */
export function createSdkClient(environment: StateTable['environment']): DynamoDBClient {
  // Node 20 is supported here, and the SDK would say at every start that there it soon is not.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  return new DynamoDBClient({
    endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB,
    region: environment.AWS_REGION,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    },
  })
}

async function createTable(environment: StateTable['environment']): Promise<void> {
  const client = createSdkClient(environment)
  const TableName = environment.STATE_TABLE
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  )
  await waitUntilTableExists(
    { client, maxWaitTime: CREATE_TIMEOUT_SECONDS, minDelay: POLL_SECONDS, maxDelay: POLL_SECONDS },
    { TableName },
  )
  client.destroy()
}
