import type { Item } from './item.ts'

/** What must hold of the stored item for a write to happen. Part of the input of `PutItem`. */
export type Condition = {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues: Item
}

/** There is no record, or none that is still alive. */
export const ifAbsent = (nowMs: number): Condition => ({
  ConditionExpression: 'attribute_not_exists(#pk) OR #expiresAtMs <= :now',
  ExpressionAttributeNames: { '#pk': 'pk', '#expiresAtMs': 'expiresAtMs' },
  ExpressionAttributeValues: { ':now': { N: String(nowMs) } },
})

/** There is a living record of this version. */
export const ifUnchanged = (expectedVersion: string, nowMs: number): Condition => ({
  ConditionExpression: '#version = :expected AND (attribute_not_exists(#expiresAtMs) OR #expiresAtMs > :now)',
  ExpressionAttributeNames: { '#version': 'version', '#expiresAtMs': 'expiresAtMs' },
  ExpressionAttributeValues: { ':expected': { S: expectedVersion }, ':now': { N: String(nowMs) } },
})
