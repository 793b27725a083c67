import { type Api, answerOk, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'

/** What each type of message must have. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['content'],
  image: ['media_id'],
  link: ['title', 'description', 'url', 'thumb_url'],
  miniprogrampage: ['title', 'pagepath', 'thumb_media_id'],
}

/** POST /cgi-bin/message/custom/send: a customer message to a user who wrote or entered the session shortly before. */
export const sendCustomerMessage: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',

  handle(wechat, { json, took }) {
    const touser = readText(json, 'touser')
    if (!wechat.users.withOpenid(touser)) throw new ApiError(40003, 'invalid openid')
    const msgtype = readText(json, 'msgtype')
    const content = readContent(msgtype, json[msgtype])
    wechat.replyWindows.spend(touser)

    took()
    wechat.customerMessages.push({ touser, msgtype, content, atMs: wechat.nowMs() })
    return answerOk()
  },
}

function readContent(msgtype: string, given: unknown): Record<string, string> {
  const names = Object.hasOwn(FIELDS, msgtype) ? FIELDS[msgtype] : undefined
  if (!names) throw new ApiError(40008, 'invalid message type')
  return Object.fromEntries(names.map((name) => [name, requireText(Object(given), name)]))
}

function requireText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = readText(fields, name)
  if (value) return value
  if (name === 'content') throw new ApiError(44004, 'empty content')
  if (name.endsWith('media_id')) throw new ApiError(40007, 'invalid media_id')
  throw new ApiError(40097, `invalid args: ${name}`)
}
