import type { Wechat } from './wechat.ts'

/** A request that has passed the checks of method, body, credential and quota. */
export type ApiCall = {
  readonly query: Readonly<Record<string, string>>
  /** The JSON body; empty for GET and for uploads. */
  readonly json: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
  readonly contentType: string
  /** Called where the effect is taken: from here on WeChat has done it, whether the answer arrives or not. */
  took(): void
  /** Takes what is to happen once the answer has left, or is known never to leave. */
  afterAnswer(callback: () => void): void
}

export type Answer = {
  readonly status?: number
  readonly contentType: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export type RateLimit = { readonly calls: number; readonly errcode: number }

/** One WeChat API: how it is called, how often, and what it does. */
export type Api = {
  readonly method: 'GET' | 'POST'
  readonly body?: 'json' | 'upload'
  readonly credential: 'appSecret' | 'accessToken'
  readonly perMinute?: RateLimit
  readonly perDay?: number
  /** The content type of its JSON where it is not the usual one. */
  readonly contentType?: string
  handle(wechat: Wechat, call: ApiCall): Answer | Promise<Answer>
}

export const JSON_TYPE = 'application/json; encoding=utf-8'

export const answerJson = (value: object, contentType = JSON_TYPE): Answer => ({
  contentType,
  body: JSON.stringify(value),
})

/** A success with the `errcode` 0 that most APIs, though not all, put in front. */
export const answerOk = (fields: object = {}): Answer => answerJson({ errcode: 0, errmsg: 'ok', ...fields })

/** A field as text; the empty string when it is absent or of another type. */
export function readText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}
