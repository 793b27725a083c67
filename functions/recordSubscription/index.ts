import * as z from 'zod/mini'
import type { GrantNews } from '../../shared/core/grantNews.ts'
import { isJsonObject } from '../../shared/core/json.ts'
import { invalidArgument } from '../../shared/core/problem.ts'
import { callerScope } from '../../shared/function/callerScope.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { requestKey, wechatId } from '../../shared/function/fields.ts'
import { recordTaps } from '../../shared/state/grantLedger.ts'

/** `accept`, `reject`, `ban`, `filter`, … by template id, as `wx.requestSubscribeMessage` gives them. */
type Results = Readonly<Record<string, string>>

const input = z.strictObject({
  results: z.custom<Results>(),
  requestKey: z.optional(requestKey()),
})

export type RecordSubscriptionInput = z.input<typeof input>

export type RecordSubscriptionOutput = {
  /** How many messages the user allows of each template; 1 or 0 of a long-term one. */
  readonly remaining: Readonly<Record<string, number>>
}

const MAX_TEMPLATES = 20
/** The longest that is known has 21. */
const MAX_RESULT_LENGTH = 64
/** What the client's API says of the call itself. */
const OF_THE_CALL = ['errMsg', 'errCode']

/**
 * Enters what a user answered to the subscribe popup, and tells how many messages they allow.
 *
 * Hand over the result of `wx.requestSubscribeMessage` as it is. Whatever begins with `accept` grants one
 * message; nothing else does, and `reject` ends a long-term template. A tap that WeChat pushes as well counts
 * once, and so does a call that is repeated with its request key, which defaults to the platform's request id.
 *
 * Nothing vouches for what a client says here. A forged report changes the reporter's own count and nothing
 * else: it makes us ask WeChat for a message that WeChat refuses, which sets the count right.
 *
 * Fails with `INVALID_ARGUMENT` naming `results.<templateId>`.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/api/open-api/subscribe-message/wx.requestSubscribeMessage.html
 */
export default defineFunction({
  name: 'recordSubscription',
  access: ['user'],
  input,
  uses: {},
  timeoutSeconds: 10,

  async handle(
    { caller, records, clock, config, requestId },
    { results, requestKey = requestId },
  ): Promise<RecordSubscriptionOutput> {
    const { longTermTemplates } = config
    const answers = readAnswers(results)
    const atMs = clock.nowMs()
    const news = answers
      .filter(({ isAccepted, isRejected }) => isAccepted || isRejected)
      .map(({ templateId, isAccepted }): GrantNews => ({ kind: 'tap', templateId, isAccepted, atMs }))

    const id = callerScope(caller, requestKey)
    const countOf = await recordTaps({ records, clock }, caller.openid, { id, news }, { longTermTemplates })
    return {
      remaining: Object.fromEntries(answers.map(({ templateId }) => [templateId, countOf(templateId)])),
    }
  },
})

type Answer = { readonly templateId: string; readonly isAccepted: boolean; readonly isRejected: boolean }

function readAnswers(results: Results): readonly Answer[] {
  if (results === undefined) throw invalidArgument('results', 'is missing')
  if (!isJsonObject(results)) throw invalidArgument('results', 'must be of type object')

  const answers = Object.entries(results).filter(([templateId]) => !OF_THE_CALL.includes(templateId))
  if (answers.length === 0) throw invalidArgument('results', 'has no template')
  if (answers.length > MAX_TEMPLATES)
    throw invalidArgument('results', `has more than ${MAX_TEMPLATES} templates`)
  return answers.map(readAnswer)
}

function readAnswer([templateId, result]: readonly [string, unknown]): Answer {
  const field = `results.${templateId}`
  if (!wechatId().safeParse(templateId).success) throw invalidArgument(field, 'is no template id')
  if (typeof result !== 'string') throw invalidArgument(field, 'must be of type string')
  if (result.length > MAX_RESULT_LENGTH)
    throw invalidArgument(field, `is over its maximum of ${MAX_RESULT_LENGTH} characters`)

  return { templateId, isAccepted: result.startsWith('accept'), isRejected: result === 'reject' }
}
