import { checkPage } from '../../shared/core/page.ts'
import { Problem } from '../../shared/core/problem.ts'
import { checkTemplateData } from '../../shared/core/templateData.ts'
import { callerScope } from '../../shared/function/callerScope.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { spendToday } from '../../shared/state/dailyBudgets.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { createGrantedSend, type SentMessage } from '../../shared/state/grantedSend.ts'
import { spendAll } from '../../shared/state/spending.ts'
import { sendSubscribeMessage } from '../../shared/wechat/endpoints/sendSubscribeMessage.ts'
import { budgetsOf } from './budgets.ts'
import { input, readRecipient, readTemplateData } from './input.ts'

export type { SendSubscribeMessageInput } from './input.ts'

export type SendSubscribeMessageOutput = {
  readonly status: 'sent'
  /** WeChat's id of the message, where it gives one. */
  readonly msgid?: string
  /** How many more the user allows, once any grant of the template was heard of. */
  readonly remaining?: number
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
 * Then it takes one of the grants that `recordSubscription` and `receiveMessage` have heard of, and the user's
 * turn: WeChat refuses a message while it is at another to the same user. With `SUBSCRIBE_LEDGER=advise` the
 * ledger only tells what remains; with `enforce` nothing is sent without a known grant. A message of which no
 * answer came is found in the ledger once WeChat reports its delivery: a repeat then hears that it was sent,
 * whether or not it reached the user.
 *
 * Fails with `TEMPLATE_DATA_INVALID` and `PAGE_INVALID` before WeChat is asked, with `QUOTA_EXCEEDED` beyond a
 * budget (the request key works again tomorrow), `USER_REFUSED` when the user has no grant left (where WeChat was
 * not asked, the request key works again with the next grant), `RATE_LIMITED` also when other messages to the
 * user are under way for too long, `IDEMPOTENCY_MISMATCH`, `IN_PROGRESS`, and `OUTCOME_UNKNOWN` when no answer
 * came.
 */
export default defineFunction({
  name: 'sendSubscribeMessage',
  access: ['user', 'server'],
  input,
  uses: { sendSubscribeMessage },
  timeoutSeconds: 10,

  async handle(
    { caller, records, wechat, clock, random, config, requestId, deadlineAtMs },
    fields,
  ): Promise<SendSubscribeMessageOutput> {
    const { templateId, page, miniprogramState = 'formal', lang = 'zh_CN', requestKey = requestId } = fields
    const isEnforced = config.subscribeLedger === 'enforce'
    const { longTermTemplates } = config
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
    const sendId = callerScope(caller, requestKey)
    const send = createGrantedSend(
      { records, clock, random },
      { openid: touser, templateId, sendId, deadlineAtMs, keepMs: KEEP_MS, isEnforced, longTermTemplates },
    )
    const { answer, repeated } = await runOnce<SentMessage>(
      { records, clock },
      {
        id: `sendSubscribeMessage:${sendId}`,
        payload: message,
        requestId,
        deadlineAtMs,
        keepMs: KEEP_MS,
        mayBeRetried: false,
        spend: () => spendAll([() => spendToday({ records, clock }, budgets), send.reserve]),
        reconcile: send.trace,
      },
      async () => {
        try {
          const { msgid } = await wechat.sendSubscribeMessage(message)
          return await send.sent(msgid)
        } catch (thrown) {
          const isUnknown = thrown instanceof Problem && thrown.code === 'OUTCOME_UNKNOWN'
          const reported = isUnknown ? await send.unknown() : undefined
          if (!reported) throw thrown
          return reported
        }
      },
    )
    return { status: 'sent', ...answer, ...(repeated && { repeated }) }
  },
})
