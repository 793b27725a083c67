import { createHash } from 'node:crypto'
import { KeyRing } from '../../shared/core/seal.ts'
import { Secret } from '../../shared/core/secret.ts'

const materialOf = (id: string): string => createHash('sha256').update(`key ${id}`).digest('base64')

/** The keys of these ids, which are always the same; the first is the current one. */
export const keyRing = (first: string, ...others: string[]): KeyRing => {
  const toKey = (id: string) => ({ id, material: new Secret(materialOf(id)) })
  return new KeyRing([toKey(first), ...others.map(toKey)])
}

/** The same as `STATE_KEYS` has it. */
export const stateKeys = (...ids: string[]): string => ids.map((id) => `${id}:${materialOf(id)}`).join(',')
