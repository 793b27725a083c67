import { type Answer, type Api, type ApiCall, answerJson, readText } from './api.ts'
import { ApiError, toErrorJson } from './apiError.ts'
import { APIS } from './apiTable.ts'
import type { IncomingCall } from './incomingCall.ts'
import type { Wechat } from './wechat.ts'

/** How a call tells of its course. */
type Course = Pick<ApiCall, 'took' | 'afterAnswer'>

/** What WeChat does with a request: refuse it inside HTTP 200, or carry it out and answer. */
export async function answerApi(wechat: Wechat, incoming: IncomingCall, course: Course): Promise<Answer> {
  const api = APIS.get(incoming.path)
  if (!api) return { ...answerJson(toErrorJson(new ApiError(40066, 'invalid url'))), status: 404 }

  try {
    const call = toCall(api, incoming, course)
    checkCredential(wechat, api, call)
    wechat.limits.spend(incoming.path, api)
    return await api.handle(wechat, call)
  } catch (error) {
    if (error instanceof ApiError) return answerJson(toErrorJson(error), api.contentType)
    throw error
  }
}

function toCall(api: Api, { method, query, bytes, contentType }: IncomingCall, course: Course): ApiCall {
  if (method !== api.method) {
    throw api.method === 'POST'
      ? new ApiError(43002, 'require POST method')
      : new ApiError(43001, 'require GET method')
  }
  return { query, json: api.body === 'json' ? parseJsonObject(bytes) : {}, bytes, contentType, ...course }
}

function parseJsonObject(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) throw new ApiError(44002, 'empty post data')
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json }
  } catch {
    // Not JSON at all: refused like JSON that is not an object.
  }
  throw new ApiError(47001, 'data format error')
}

/** The access token is always in the query; app id and secret are where the API has its other parameters. */
function checkCredential(wechat: Wechat, api: Api, { query, json }: ApiCall): void {
  if (api.credential === 'accessToken') wechat.accessTokens.check(query.access_token)
  else checkAppSecret(wechat, api.body === 'json' ? json : query)
}

function checkAppSecret(wechat: Wechat, given: Readonly<Record<string, unknown>>): void {
  const [appId, secret] = [readText(given, 'appid'), readText(given, 'secret')]
  if (!appId) throw new ApiError(41002, 'appid missing')
  if (!secret) throw new ApiError(41004, 'appsecret missing')
  if (appId !== wechat.appId) throw new ApiError(40013, 'invalid appid')
  if (secret !== wechat.appSecret) throw new ApiError(40125, 'invalid appsecret')
}
