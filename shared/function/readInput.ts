import { isJsonObject, type Json } from '../core/json.ts'
import { invalidArgument, Problem } from '../core/problem.ts'

/** An input as it arrived: bytes of a body, or a value that the platform has parsed already. */
export type RawInput = { readonly body: Uint8Array } | { readonly value: unknown }

export const MAX_BODY_BYTES = 1024 * 1024
const MAX_DEPTH = 16
const MAX_KEYS = 256
/** No function takes lists, let alone long ones: what is beyond this only costs memory. */
const MAX_VALUES = 10_000
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Turns what arrived into an object that is safe to walk.
 *
 * Limits come first, so that nothing is built of an input that will be refused for its size. Text that
 * JSON or a database could silently alter (lone surrogates, NUL) is refused rather than repaired.
 *
 * @throws Problem `PAYLOAD_TOO_LARGE`, `INVALID_ARGUMENT`
 */
export function readInput(raw: RawInput): Json {
  const value = 'body' in raw ? parseBody(raw.body) : raw.value
  if (!isJsonObject(value)) throw invalidArgument('', 'the input must be a JSON object')

  new Inspection().visit(value, '', 1)

  return value
}

function parseBody(body: Uint8Array): unknown {
  if (body.length > MAX_BODY_BYTES) throw tooLarge('the body is larger than 1 MiB')
  if (body.length === 0) return {}

  const text = decodeUtf8(body)
  const { depth, separators } = outlineOf(text)
  if (depth > MAX_DEPTH) throw tooLarge(`the body is nested more than ${MAX_DEPTH} deep`)
  if (separators >= MAX_VALUES) throw tooLarge(`the body has more than ${MAX_VALUES} values`)
  try {
    return JSON.parse(text)
  } catch {
    throw invalidArgument('', 'the body is not JSON')
  }
}

function decodeUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw invalidArgument('', 'the body is not UTF-8')
  }
}

/** The deepest nesting and the number of commas outside strings, known before anything is built. */
function outlineOf(json: string): { readonly depth: number; readonly separators: number } {
  let deepest = 0
  let separators = 0
  let depth = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const char = json[i]
    if (inString) {
      if (char === '\\') i++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth)
    else if (char === '}' || char === ']') depth--
    else if (char === ',') separators++
  }
  return { depth: deepest, separators }
}

/** One walk over an input that counts what the limits are about. */
class Inspection {
  #bytes = 0
  #keys = 0

  visit(value: unknown, path: string, depth: number): void {
    if (typeof value === 'string') this.#visitText(value, path)
    else if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw invalidArgument(path, 'is not a finite number')
      this.#count(8)
    } else if (typeof value === 'object' && value !== null) this.#visitContainer(value, path, depth)
    else if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
      throw invalidArgument(path, 'is not a JSON value')
    }
  }

  #visitText(text: string, path: string): void {
    this.#count(Buffer.byteLength(text))
    if (!text.isWellFormed()) throw invalidArgument(path, 'has a lone surrogate')
    if (text.includes('\0')) throw invalidArgument(path, 'has a NUL character')
  }

  #visitContainer(container: object, path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw tooLarge(`the input is nested more than ${MAX_DEPTH} deep`)

    const isList = Array.isArray(container)
    for (const [key, child] of Object.entries(container)) {
      const childPath = path === '' ? key : `${path}.${key}`
      if (!isList) this.#visitKey(key, path)
      this.visit(child, childPath, depth + 1)
    }
  }

  #visitKey(key: string, path: string): void {
    this.#keys++
    if (this.#keys > MAX_KEYS) throw tooLarge(`the input has more than ${MAX_KEYS} keys`)
    if (PROTOTYPE_KEYS.has(key))
      throw invalidArgument(path === '' ? key : `${path}.${key}`, 'is not allowed as a key')
    this.#visitText(key, path)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > MAX_BODY_BYTES) throw tooLarge('the input is larger than 1 MiB')
  }
}

const tooLarge = (reason: string): Problem =>
  new Problem('PAYLOAD_TOO_LARGE', { reason, message: `${reason}.` })
