import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSdkClient, type StateTable, startStateTable } from '../../../scripts/stateTable.ts'
import { signedRequest } from '../../../shared/platform/dynamodb/signedRequest.ts'
import { createDynamoDbStore } from '../../../shared/platform/dynamodb/store.ts'
import { createHttpTransport } from '../../../shared/platform/httpTransport.ts'
import { systemRandom } from '../../../shared/platform/systemRandom.ts'
import type { StateStore } from '../../../shared/ports/stateStore.ts'
import { createTestClock, NOW_MS } from '../../support/testClock.ts'

const HOUR_SECONDS = 3600

const clock = createTestClock()
const transport = createHttpTransport({ clock })
let stateTable: StateTable
let sdk: ReturnType<typeof createSdkClient>
let store: StateStore

beforeAll(async () => {
  stateTable = await startStateTable()
  const { environment } = stateTable
  sdk = createSdkClient(environment)
  store = createDynamoDbStore({
    table: environment.STATE_TABLE,
    environment,
    clock,
    random: systemRandom,
    transport,
  })
})

afterAll(async () => {
  transport.close()
  sdk.destroy()
  await stateTable.close()
})

const readWithSdk = async (key: string) => {
  const TableName = stateTable.environment.STATE_TABLE
  const { Item } = await sdk.send(
    new GetItemCommand({ TableName, Key: { pk: { S: key } }, ConsistentRead: true }),
  )
  return Item
}

describe('AWS’s own client', () => {
  test('reads what we wrote, with a ttl in seconds after the record’s end', async () => {
    await store.putIfAbsent('a', { version: 'v1', body: '名 "b"', expiresAtMs: NOW_MS + 1500 })

    expect(await readWithSdk('a')).toEqual({
      pk: { S: 'a' },
      version: { S: 'v1' },
      body: { S: '名 "b"' },
      expiresAtMs: { N: String(NOW_MS + 1500) },
      ttl: { N: String(NOW_MS / 1000 + 2 + HOUR_SECONDS) },
    })
  })

  test('finds no ttl on a record without an end', async () => {
    await store.putIfAbsent('b', { version: 'v1', body: 'b' })

    expect(await readWithSdk('b')).toEqual({ pk: { S: 'b' }, version: { S: 'v1' }, body: { S: 'b' } })
  })

  test('finds nothing of a deleted record but a mark that is to be cleaned up', async () => {
    await store.putIfAbsent('c', { version: 'v1', body: 'secret' })
    await store.deleteIf('c', 'v1')

    expect(await readWithSdk('c')).toEqual({
      pk: { S: 'c' },
      version: { S: expect.stringMatching(/^[\w-]{16}$/) },
      body: { S: '' },
      expiresAtMs: { N: String(-NOW_MS) },
      ttl: { N: String(NOW_MS / 1000 + HOUR_SECONDS) },
    })
  })

  test('writes what we read', async () => {
    const Item = {
      pk: { S: 'd' },
      version: { S: 'v1' },
      body: { S: 'b' },
      expiresAtMs: { N: String(NOW_MS + 1) },
    }
    await sdk.send(new PutItemCommand({ TableName: stateTable.environment.STATE_TABLE, Item }))

    expect(await store.get('d')).toEqual({ version: 'v1', body: 'b', expiresAtMs: NOW_MS + 1 })
    expect(await store.compareAndSet('d', 'v1', { version: 'v2', body: 'b2' })).toBe(true)
  })

  test('may have written what is no record of ours, which is never taken for one', async () => {
    const Item = { pk: { S: 'e' }, body: { N: '1' } }
    await sdk.send(new PutItemCommand({ TableName: stateTable.environment.STATE_TABLE, Item }))

    await expect(store.get('e')).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    await expect(store.putIfAbsent('e', { version: 'v1', body: 'b' })).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
    })
    expect(await readWithSdk('e')).toEqual(Item)
  })

  test.each([
    ['a key of ours', 'https://dynamodb.us-east-1.amazonaws.com', {}],
    ['a temporary key', 'https://dynamodb.us-east-1.amazonaws.com', { sessionToken: 'FwoGZXIvYXdzE/+=' }],
    ['another port and path', 'http://127.0.0.1:8000/v1/', {}],
  ])('signs a request with %s as we do', async (_, endpoint, temporary) => {
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG', ...temporary }
    const settings = { endpoint: new URL(endpoint), region: 'us-east-1', credentials }
    const ours = signedRequest('PutItem', '{"Item":{"pk":{"S":"名"}}}', settings, NOW_MS)

    expect(await signWithSdk(ours, credentials)).toBe(ours.headers.authorization)
  })
})

async function signWithSdk(
  { method, url, headers, body }: ReturnType<typeof signedRequest>,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
): Promise<string | undefined> {
  const signer = await createSdkClient(stateTable.environment).config.signer()
  const { authorization, ...unsigned } = headers
  const { protocol, hostname, pathname } = new URL(url)
  // DynamoDB takes the digest of the body from the body; the SDK would send it along and sign that too.
  Object.assign(signer, { applyChecksum: false, credentialProvider: async () => credentials })
  const signed = await signer.sign(
    { method, protocol, hostname, path: pathname, query: {}, headers: unsigned, body },
    { signingDate: new Date(NOW_MS) },
  )
  return signed.headers.authorization
}
