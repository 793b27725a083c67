import { isJsonObject } from '../core/json.ts'
import { Problem } from '../core/problem.ts'
import type { WechatJson } from './endpoint.ts'

const missing = (field: string): Problem =>
  new Problem('UPSTREAM_BAD_RESPONSE', { detail: `${field} is missing or mistyped` })

/** An answer without a mandatory field must at least be one. @throws Problem `UPSTREAM_BAD_RESPONSE` */
export function requireAnswer(json: WechatJson): void {
  if (Object.keys(json).length === 0) {
    throw new Problem('UPSTREAM_BAD_RESPONSE', { detail: 'the answer says nothing' })
  }
}

/** A non-empty text, of this form where one is given. @throws Problem `UPSTREAM_BAD_RESPONSE` */
export function readText(json: WechatJson, field: string, pattern = /./s): string {
  const value = json[field]
  if (typeof value !== 'string' || !pattern.test(value)) throw missing(field)

  return value
}

/** A text that may be absent, empty or null, all of which mean that there is none. */
export function readOptionalText(json: WechatJson, field: string): string | undefined {
  const value = json[field]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw missing(field)

  return value
}

/** A text that WeChat sometimes sends as a number (`countryCode`, ids). @throws Problem `UPSTREAM_BAD_RESPONSE` */
export function readTextOrNumber(json: WechatJson, field: string): string {
  const value = json[field]
  return typeof value === 'number' ? String(value) : readText(json, field)
}

/** An object inside an answer. @throws Problem `UPSTREAM_BAD_RESPONSE` */
export function readObject(json: WechatJson, field: string): WechatJson {
  const value = json[field]
  if (!isJsonObject(value)) throw missing(field)

  return value
}
