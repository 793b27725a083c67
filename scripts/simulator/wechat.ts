import { type AccessTokens, createAccessTokens } from './accessTokens.ts'
import { createGrants, type Grants } from './grants.ts'
import { createLimits, type Limits } from './limits.ts'
import { createOneTimeCodes, type OneTimeCodes } from './oneTimeCodes.ts'
import type { OpenDataKind } from './openData.ts'
import { DEFAULT_PAGES, DEFAULT_TEMPLATES, type Template } from './templates.ts'
import { createUsers, type User, type Users } from './users.ts'

export type SentMessage = {
  readonly touser: string
  readonly templateId: string
  readonly data: Readonly<Record<string, string>>
  readonly page: string | undefined
  /** Beyond 2^53, hence text. */
  readonly msgid: string
}

export type MediaJob = {
  readonly traceId: string
  readonly openid: string
  readonly mediaUrl: string
  readonly mediaType: number
  readonly scene: number
  readonly atMs: number
}

export type CloudIdSubject = {
  readonly openid: string
  readonly kind: OpenDataKind
  readonly data: object
  readonly issuedAtMs: number
}

/** Everything WeChat knows about one mini program. */
export type Wechat = {
  readonly appId: string
  readonly appSecret: string
  readonly nowMs: () => number
  readonly users: Users
  readonly accessTokens: AccessTokens
  readonly loginCodes: OneTimeCodes<User>
  readonly phoneCodes: OneTimeCodes<User>
  readonly cloudIds: Map<string, CloudIdSubject>
  readonly grants: Grants
  readonly limits: Limits
  readonly templates: ReadonlyMap<string, Template>
  readonly releasedPages: readonly string[]
  readonly sentMessages: SentMessage[]
  readonly mediaJobs: MediaJob[]
  /** Whether exchanging a login code leaves a living session key as it is. */
  keepsSessionKeys: boolean
}

export type WechatOptions = {
  appId: string
  appSecret: string
  nowMs?: () => number
  templates?: readonly Template[]
  releasedPages?: readonly string[]
}

export function createWechat(options: WechatOptions): Wechat {
  const { appId, appSecret, nowMs = Date.now } = options
  const { templates = DEFAULT_TEMPLATES, releasedPages = DEFAULT_PAGES } = options

  return {
    appId,
    appSecret,
    nowMs,
    users: createUsers(appId),
    accessTokens: createAccessTokens(nowMs),
    loginCodes: createOneTimeCodes(nowMs),
    phoneCodes: createOneTimeCodes(nowMs),
    cloudIds: new Map(),
    grants: createGrants(),
    limits: createLimits(nowMs),
    templates: new Map(templates.map((template) => [template.id, template])),
    releasedPages,
    sentMessages: [],
    mediaJobs: [],
    keepsSessionKeys: false,
  }
}

/** The watermark on open data that leaves WeChat at this moment. */
export const watermarkOf = (wechat: Wechat, atMs = wechat.nowMs()) => ({
  timestamp: Math.floor(atMs / 1000),
  appid: wechat.appId,
})
