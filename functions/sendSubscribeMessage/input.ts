import * as z from 'zod/mini'
import { isJsonObject } from '../../shared/core/json.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import type { Caller } from '../../shared/function/caller.ts'
import { requestKey, wechatId } from '../../shared/function/fields.ts'

/** The values of a template by keyword, as plain texts or as WeChat's own API takes them. */
type TemplateValues = Readonly<Record<string, string | { readonly value: string }>>

export const input = z.strictObject({
  templateId: wechatId(),
  data: z.custom<TemplateValues>(),
  page: z.optional(z.string()),
  miniprogramState: z.optional(z.enum(['developer', 'trial', 'formal'])),
  lang: z.optional(z.enum(['zh_CN', 'en_US', 'zh_HK', 'zh_TW'])),
  requestKey: z.optional(requestKey()),
  touser: z.optional(wechatId()),
})

export type SendSubscribeMessageInput = z.input<typeof input>

/** @throws Problem `INVALID_ARGUMENT` */
export function readTemplateData(values: TemplateValues): Record<string, string> {
  if (values === undefined) throw invalidArgument('data', 'is missing')
  if (!isJsonObject(values)) {
    throw invalidArgument('data', 'must be of type object')
  }
  const entries = Object.entries(values).map(
    ([key, value]) => [key, readValue(`data.${key}`, value)] as const,
  )
  // A repeat may say the same in another order.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function readValue(field: string, value: unknown): string {
  if (typeof value === 'string') return value

  const { value: inner, ...others } = isJsonObject(value) ? value : {}
  if (typeof inner !== 'string' || Object.keys(others).length > 0) {
    throw invalidArgument(field, 'must be a text, or an object with a text as its value')
  }
  return inner
}

/**
 * A user's own openid is never an input, and another's is not theirs to use.
 *
 * @throws Problem `INVALID_ARGUMENT`, `FORBIDDEN`
 */
export function readRecipient(caller: Caller<'user' | 'server'>, touser: string | undefined): string {
  if (caller.kind === 'server') {
    if (touser === undefined) throw invalidArgument('touser', 'is missing')
    return touser
  }
  if (touser === caller.openid) throw invalidArgument('touser', 'is given by a server only')
  if (touser !== undefined)
    throw new Problem('FORBIDDEN', { field: 'touser', reason: 'the recipient is not the caller' })
  return caller.openid
}
