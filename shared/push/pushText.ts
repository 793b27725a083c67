import { isJsonObject, type Json } from '../core/json.ts'
import { parseJson } from '../core/parseJson.ts'
import { parseXml, writeXml } from './xml.ts'

/** What WeChat's console calls the data format of message push. */
export type PushFormat = 'json' | 'xml'

export const MAX_PUSH_BYTES = 64 * 1024

/** As deep as four levels of XML, each element repeated, come out: eight objects and lists in each other. */
const MAX_DEPTH = 8
const MAX_VALUES = 1000
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** The format by the look of it: labels are not to be relied on. */
export const formatOf = (text: string): PushFormat => (/^\s*</.test(text) ? 'xml' : 'json')

/**
 * Parses what WeChat pushes. 64-bit integers stay exact, as texts.
 *
 * @returns `undefined` when it is not an object, or not within bounds: 64 KiB, eight levels, 1000 values, no
 * keys that stand for something in JavaScript
 */
export function parsePushText(format: PushFormat, text: string): Json | undefined {
  if (text.length > MAX_PUSH_BYTES) return undefined

  const json = format === 'xml' ? parseXml(text.trim()) : parseJson(text)
  return json && isWithinBounds(json) ? json : undefined
}

/** Whether an object has the size of something that WeChat pushes. */
export function isWithinBounds(json: Json): boolean {
  let values = 0
  const isBounded = (value: unknown, depth: number): boolean => {
    values += 1
    if (values > MAX_VALUES) return false
    if (!isJsonObject(value) && !Array.isArray(value)) return true

    return (
      depth < MAX_DEPTH &&
      Object.entries(value).every(([key, inner]) => !FORBIDDEN_KEYS.has(key) && isBounded(inner, depth + 1))
    )
  }
  return isBounded(json, 0)
}

/** Writes a reply in the format that the push came in. */
export const writePushText = (format: PushFormat, reply: Json): string =>
  format === 'xml' ? writeXml(reply) : JSON.stringify(reply)
