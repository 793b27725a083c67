import type { StateStore, StoredRecord } from '../../ports/stateStore.ts'
import { type ClientOptions, createDynamoDbClient } from './client.ts'
import { type Condition, ifAbsent, ifUnchanged } from './condition.ts'
import { parseItem, toItem } from './item.ts'

/** How long one operation may take, repeats included. */
const OPERATION_TIMEOUT_MS = 2500
/** DynamoDB takes items of 400 KB; the rest is for the key and the names. */
const MAX_BODY_BYTES = 380 * 1024
/** In the past for every clock. */
const NEVER_ALIVE_MS = 0

/**
 * State in a DynamoDB table with the string key `pk` and, for clean-up alone, the TTL attribute `ttl`.
 *
 * A lost answer does not blur the outcome. Every write carries a version of its own: the same write is
 * repeated, and where its condition no longer holds, the version that stands there tells whose write it
 * was. For that reason a deletion is a write too, of a record that is over from the start and that DynamoDB
 * removes later: of two calls that delete a one-time record, never do both hear that it was them.
 *
 * @throws `STATE_UNAVAILABLE` from every operation, and `CONFIG_ERROR` for the table, region or credentials;
 * a `RangeError` for a body over 380 KB
 */
export function createDynamoDbStore(options: ClientOptions & { readonly table: string }): StateStore {
  const { table, clock, random } = options
  const client = createDynamoDbClient(options)

  async function read(key: string, deadlineAtMs: number): Promise<StoredRecord | undefined> {
    const input = { TableName: table, Key: { pk: { S: key } }, ConsistentRead: true }
    const answer = await client.call('GetItem', input, deadlineAtMs)
    return answer.kind === 'done' && answer.output.Item ? parseItem(answer.output.Item) : undefined
  }

  async function write(
    key: string,
    record: StoredRecord,
    nowMs: number,
    condition: Condition,
  ): Promise<boolean> {
    const bodyBytes = Buffer.byteLength(record.body)
    if (bodyBytes > MAX_BODY_BYTES) throw new RangeError(`a record of ${bodyBytes} bytes is too large`)

    const deadlineAtMs = nowMs + OPERATION_TIMEOUT_MS
    const input = { TableName: table, Item: toItem(key, record, nowMs), ...condition }
    const answer = await client.call('PutItem', input, deadlineAtMs)
    if (answer.kind === 'done') return true

    return answer.isRepeat && (await read(key, deadlineAtMs))?.version === record.version
  }

  const tombstone = (): StoredRecord => ({
    version: Buffer.from(random.bytes(12)).toString('base64url'),
    body: '',
    expiresAtMs: NEVER_ALIVE_MS,
  })

  return {
    async get(key) {
      const record = await read(key, clock.nowMs() + OPERATION_TIMEOUT_MS)
      const isOver = record?.expiresAtMs !== undefined && record.expiresAtMs <= clock.nowMs()
      return isOver ? undefined : record
    },

    async putIfAbsent(key, record) {
      const nowMs = clock.nowMs()
      return write(key, record, nowMs, ifAbsent(nowMs))
    },

    async compareAndSet(key, expectedVersion, record) {
      const nowMs = clock.nowMs()
      return write(key, record, nowMs, ifUnchanged(expectedVersion, nowMs))
    },

    async deleteIf(key, expectedVersion) {
      const nowMs = clock.nowMs()
      return write(key, tombstone(), nowMs, ifUnchanged(expectedVersion, nowMs))
    },
  }
}
