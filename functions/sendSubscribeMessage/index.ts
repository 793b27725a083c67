import * as z from 'zod/mini'
import { isJsonObject } from '../../shared/core/json.ts'
import { checkPage } from '../../shared/core/page.ts'
import { configProblem, invalidArgument, Problem } from '../../shared/core/problem.ts'
import { checkTemplateData } from '../../shared/core/templateData.ts'
import type { Caller } from '../../shared/function/caller.ts'
import { callerScope } from '../../shared/function/callerScope.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { text, wechatId } from '../../shared/function/fields.ts'
import { spendToday } from '../../shared/state/dailyBudgets.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { sendSubscribeMessage } from '../../shared/wechat/endpoints/sendSubscribeMessage.ts'
import { budgetsOf } from './budgets.ts'

/** The values of a template by keyword, as plain texts or as WeChat's own API takes them. */
type TemplateValues = Readonly<Record<string, string | { readonly value: string }>>

const input = z.strictObject({
  templateId: wechatId(),
  data: z.custom<TemplateValues>(),
  page: z.optional(z.string()),
  miniprogramState: z.optional(z.enum(['developer', 'trial', 'formal'])),
  lang: z.optional(z.enum(['zh_CN', 'en_US', 'zh_HK', 'zh_TW'])),
  requestKey: z.optional(text({ pattern: /^[\x21-\x7e]+$/, maxLength: 128 })),
  touser: z.optional(wechatId()),
})

export type SendSubscribeMessageInput = z.input<typeof input>

export type SendSubscribeMessageOutput = {
  readonly status: 'sent'
  /** WeChat's id of the message, where it gives one. */
  readonly msgid?: string
  /** Present when an earlier request with this key had sent the message. */
  readonly repeated?: true
}

/** How long a repeat of a request gets the first answer. */
const KEEP_MS = 86_400_000

/**
 * Sends a subscribe message: a user to themselves, from the templates that are allowed for that; a server to
 * anybody.
 *
 * At most one message goes out for a request key, whatever fails in between. Without one the platform's
 * request id stands in, so that a repeated invocation does not send twice.
 *
 * Before WeChat is asked a send is counted in the budgets of the day: two of the user, one of the template
 * where it has a limit. What WeChat refused counts for the user, who could otherwise keep asking, and not for the
 * template, which all users share; what failed in passing counts for neither.
 *
 * Fails with `TEMPLATE_DATA_INVALID` and `PAGE_INVALID` before WeChat is asked, with `QUOTA_EXCEEDED` beyond a
 * budget (the request key works again tomorrow), `USER_REFUSED` when the user has no grant left,
 * `IDEMPOTENCY_MISMATCH`, `IN_PROGRESS`, and `OUTCOME_UNKNOWN` when no answer came.
 */
export default defineFunction({
  name: 'sendSubscribeMessage',
  access: ['user', 'server'],
  input,
  uses: { sendSubscribeMessage },
  timeoutSeconds: 10,

  async handle(
    { caller, records, wechat, clock, config, requestId, deadlineAtMs },
    fields,
  ): Promise<SendSubscribeMessageOutput> {
    const { templateId, page, miniprogramState = 'formal', lang = 'zh_CN', requestKey = requestId } = fields
    if (config.subscribeLedger === 'enforce')
      throw configProblem(
        'SUBSCRIBE_LEDGER',
        'asks for the grant ledger, which this version does not have yet',
      )
    const touser = readRecipient(caller, fields.touser)
    if (caller.kind === 'user' && !config.subscribeTemplates.includes(templateId)) {
      throw new Problem('FORBIDDEN', {
        field: 'templateId',
        message: 'WECHAT_SUBSCRIBE_TEMPLATES does not list this template.',
      })
    }
    const data = readTemplateData(fields.data)
    checkTemplateData(data)
    if (page !== undefined) checkPage(page, 'page')

    const budgets = budgetsOf(caller, templateId, config)
    const message = { touser, templateId, data, page, miniprogramState, lang }
    const id = `sendSubscribeMessage:${callerScope(caller, requestKey)}`
    const { answer, repeated } = await runOnce(
      { records, clock },
      {
        id,
        payload: message,
        requestId,
        deadlineAtMs,
        keepMs: KEEP_MS,
        mayBeRetried: false,
        spend: () => spendToday({ records, clock }, budgets),
      },
      () => wechat.sendSubscribeMessage(message),
    )
    return { status: 'sent', ...answer, ...(repeated && { repeated }) }
  },
})

function readTemplateData(values: TemplateValues): Record<string, string> {
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

/** A user's own openid is never an input, and another's is not theirs to use. */
function readRecipient(caller: Caller<'user' | 'server'>, touser: string | undefined): string {
  if (caller.kind === 'server') {
    if (touser === undefined) throw invalidArgument('touser', 'is missing')
    return touser
  }
  if (touser === caller.openid) throw invalidArgument('touser', 'is given by a server only')
  if (touser !== undefined)
    throw new Problem('FORBIDDEN', { field: 'touser', reason: 'the recipient is not the caller' })
  return caller.openid
}
