import { type Answer, type Api, type ApiCall, JSON_TYPE, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'
import { judgeText } from '../contentVerdict.ts'
import { sentEvent } from '../push/subscribeEvents.ts'
import type { Template } from '../templates.ts'
import { isTemplateValue } from '../templateValue.ts'
import type { SentMessage, Wechat } from '../wechat.ts'

const STATES = ['formal', 'trial', 'developer']
const LANGUAGES = ['zh_CN', 'en_US', 'zh_HK', 'zh_TW']
/** Odd and beyond 2^53, so that a reader that goes through a JavaScript number is found out. */
const FIRST_MSGID = 1_864_323_726_461_255_681n

/** POST /cgi-bin/message/subscribe/send: one message to a user who still has a grant for this template. */
export const sendSubscribeMessage: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',
  perDay: 30_000_000,

  handle(wechat, { json, took, afterAnswer }) {
    const touser = readText(json, 'touser')
    if (!wechat.users.withOpenid(touser)) throw new ApiError(40003, 'invalid openid')
    if (wechat.refusesConcurrentSends) enterAlone(wechat.sendsUnderWay, touser, afterAnswer)
    const template = wechat.templates.get(readText(json, 'template_id'))
    if (!template) throw new ApiError(40037, 'invalid template_id')

    const state = readChoice(json.miniprogram_state, STATES)
    readChoice(json.lang, LANGUAGES)
    const page = readText(json, 'page') || undefined
    if (page && state === 'formal') requireReleased(wechat, page)
    const data = readData(json.data, template)
    if (!wechat.grants.spend(touser, template)) throw new ApiError(43101, 'user refuse to accept the msg')

    took()
    const msgid = FIRST_MSGID + 2n * BigInt(wechat.sentMessages.length)
    takeMessage(wechat, { touser, templateId: template.id, data, page, msgid: String(msgid) })
    return answerMsgid(msgid)
  },
}

/** One send to a user at a time: from its arrival until its answer has left. */
function enterAlone(underWay: Set<string>, touser: string, afterAnswer: ApiCall['afterAnswer']): void {
  if (underWay.has(touser)) throw new ApiError(43108, 'concurrent sends to the same user')
  underWay.add(touser)
  afterAnswer(() => underWay.delete(touser))
}

/** Brings a message to the phone, or fails to, and says which of both in a push. */
function takeMessage(wechat: Wechat, message: Omit<SentMessage, 'delivered'>): void {
  const delivery = wechat.deliveries.next()
  wechat.sentMessages.push({ ...message, delivered: delivery.errorCode === 0 })
  const happening = { openid: message.touser, atMs: wechat.nowMs() }
  wechat.pushes.push(sentEvent(happening, message.templateId, message.msgid, delivery))
}

/** The id goes out as a bare integer, which JSON.stringify cannot write. */
const answerMsgid = (msgid: bigint): Answer => ({
  contentType: JSON_TYPE,
  body: `{"errcode":0,"errmsg":"ok","msgid":${msgid}}`,
})

/** One of a list of words; the first when nothing was given. */
function readChoice(value: unknown, choices: readonly string[]): string | undefined {
  const choice = choices.find((word) => word === (value ?? choices[0]))
  if (!choice) throw new ApiError(40097, 'invalid args')
  return choice
}

function requireReleased({ releasedPages }: Wechat, page: string): void {
  const [path = ''] = page.split('?')
  if (!releasedPages.includes(path)) throw new ApiError(41030, 'invalid page')
}

/** Reads the values; there must be one for each keyword of the template and no other. */
function readData(data: unknown, { keywords }: Template): Record<string, string> {
  if (typeof data !== 'object' || data === null) throw new ApiError(47003, 'argument invalid! data is empty')
  const given = new Map(Object.entries(data as Record<string, { value?: unknown } | null>))

  for (const key of given.keys()) if (!keywords.includes(key)) throw invalidValue(key, 'invalid')
  return Object.fromEntries(keywords.map((key) => [key, readValue(key, given.get(key)?.value)]))
}

function readValue(keyword: string, value: unknown): string {
  // The spelling is WeChat's.
  if (value === undefined || value === '') throw invalidValue(keyword, 'is emtpy')
  if (typeof value !== 'string' || !isTemplateValue(keyword, value)) throw invalidValue(keyword, 'invalid')
  if (judgeText(value).suggest === 'risky') throw new ApiError(45168, 'sensitive words')
  return value
}

const invalidValue = (keyword: string, fault: string) =>
  new ApiError(47003, `argument invalid! data.${keyword}.value ${fault}`)
