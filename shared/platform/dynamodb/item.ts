import { Problem } from '../../core/problem.ts'
import type { StoredRecord } from '../../ports/stateStore.ts'

/** An item as DynamoDB spells it: every value under the name of its type. */
export type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>

/** So long after a record's end DynamoDB may delete it: no instance's clock still takes it for alive. */
const TTL_MARGIN_SECONDS = 3600

/** The item of a record. `ttl` is in seconds, and is for DynamoDB alone: we never read it. */
export function toItem(key: string, { version, body, expiresAtMs }: StoredRecord, nowMs: number): Item {
  const item = { pk: { S: key }, version: { S: version }, body: { S: body } }
  if (expiresAtMs === undefined) return item

  const ttlSeconds = Math.ceil(Math.max(expiresAtMs, nowMs) / 1000) + TTL_MARGIN_SECONDS
  return { ...item, expiresAtMs: { N: String(expiresAtMs) }, ttl: { N: String(ttlSeconds) } }
}

/** @throws Problem `STATE_UNAVAILABLE` for an item that is none of ours */
export function parseItem({ version, body, expiresAtMs }: Item): StoredRecord {
  if (version?.S === undefined || body?.S === undefined) {
    throw new Problem('STATE_UNAVAILABLE', { detail: 'the item is none of ours' })
  }
  return { version: version.S, body: body.S, ...(expiresAtMs?.N && { expiresAtMs: Number(expiresAtMs.N) }) }
}
