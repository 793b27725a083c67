import { Problem } from '../../../core/problem.ts'
import type { StoredRecord } from '../../../ports/stateStore.ts'

/** The fields of a document but its `_id`, which is the record's key. */
export type Fields = { readonly version: string; readonly body: string; readonly expiresAtMs: number }

/** The end of a record without an end: the last moment there is, so that every document compares alike. */
const NEVER_MS = 8_640_000_000_000_000

export const toFields = ({ version, body, expiresAtMs = NEVER_MS }: StoredRecord): Fields => ({
  version,
  body,
  expiresAtMs,
})

/** @throws Problem `STATE_UNAVAILABLE` for a document that is none of ours */
export function parseDocument(document: unknown): StoredRecord {
  const { version, body, expiresAtMs } = document as Partial<Record<keyof Fields, unknown>>
  if (typeof version !== 'string' || typeof body !== 'string' || typeof expiresAtMs !== 'number') {
    throw new Problem('STATE_UNAVAILABLE', { detail: 'the document is none of ours' })
  }
  return { version, body, ...(expiresAtMs !== NEVER_MS && { expiresAtMs }) }
}
