import { Config } from '../../shared/core/config.ts'
import { unseal } from '../../shared/core/seal.ts'
import type { WriteEntry } from './history.ts'
import { STATE_KEYS } from './world.ts'

const keys = new Config({ STATE_KEYS }).stateKeys

/** What a write has sealed. @throws Error when the deployment's keys do not open it */
export function openRecord<T>({ key, body }: Pick<WriteEntry, 'key' | 'body'>): T {
  const text = unseal(body, key, keys)
  if (text === undefined) throw new Error(`the record ${key} does not open`)
  return JSON.parse(text) as T
}
