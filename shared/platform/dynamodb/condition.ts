import type { Expected } from '../conditionalStore.ts'
import type { Item } from './item.ts'

/** What must hold of the stored item for a write to happen. Part of the input of `PutItem`. */
export type Condition = {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues?: Item
}

/** There is no item, not even one that is over. */
export const ifAbsent: Condition = {
  ConditionExpression: 'attribute_not_exists(#pk)',
  ExpressionAttributeNames: { '#pk': 'pk' },
}

/** There is an item of this version, and where that is asked, it is alive. */
export function ifUnchanged({ version, aliveAtMs }: Expected): Condition {
  const ofVersion = {
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':expected': { S: version } },
  }
  if (aliveAtMs === undefined) return ofVersion

  return {
    ConditionExpression: `${ofVersion.ConditionExpression} AND (attribute_not_exists(#expiresAtMs) OR #expiresAtMs > :now)`,
    ExpressionAttributeNames: { ...ofVersion.ExpressionAttributeNames, '#expiresAtMs': 'expiresAtMs' },
    ExpressionAttributeValues: {
      ...ofVersion.ExpressionAttributeValues,
      ':now': { N: String(aliveAtMs) },
    },
  }
}
