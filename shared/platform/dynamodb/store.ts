import type { Random } from '../../ports/random.ts'
import type { StateStore, StoredRecord } from '../../ports/stateStore.ts'
import { createConditionalStore, type Table } from '../conditionalStore.ts'
import { type ClientOptions, createDynamoDbClient } from './client.ts'
import { type Condition, ifAbsent, ifUnchanged } from './condition.ts'
import { parseItem, toItem } from './item.ts'

type DynamoDbStoreOptions = ClientOptions & { readonly table: string; readonly random: Random }

/**
 * State in a DynamoDB table with the string key `pk` and, for clean-up alone, the TTL attribute `ttl`.
 *
 * @throws `STATE_UNAVAILABLE` from every operation, and `CONFIG_ERROR` for the table, region or credentials;
 * a `RangeError` for a body over 380 KB
 */
export function createDynamoDbStore({ table: name, random, ...options }: DynamoDbStoreOptions): StateStore {
  const { clock } = options
  const client = createDynamoDbClient(options)

  async function put(
    key: string,
    record: StoredRecord,
    condition: Condition,
    timeoutMs: number,
  ): Promise<boolean> {
    const input = { TableName: name, Item: toItem(key, record, clock.nowMs()), ...condition }
    return (await client.call('PutItem', input, timeoutMs)) !== 'conditionFailed'
  }

  const table: Table = {
    async read(key, timeoutMs) {
      const input = { TableName: name, Key: { pk: { S: key } }, ConsistentRead: true }
      const output = await client.call('GetItem', input, timeoutMs)
      return output !== 'conditionFailed' && output.Item ? parseItem(output.Item) : undefined
    },
    insert: (key, record, timeoutMs) => put(key, record, ifAbsent, timeoutMs),
    replace: (key, expected, record, timeoutMs) => put(key, record, ifUnchanged(expected), timeoutMs),
  }
  return createConditionalStore({ table, clock, random })
}
