import { type AccessTokens, createAccessTokens } from './accessTokens.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { createGrants, type Grants } from './grants.ts'
import { createLimits, type Limits } from './limits.ts'
import { createMediaReview, type MediaReview } from './mediaReview.ts'
import { createOneTimeCodes, type OneTimeCodes } from './oneTimeCodes.ts'
import type { OpenDataKind } from './openData.ts'
import { createPushes, type Pushes } from './push/pushes.ts'
import type { PushTarget } from './push/pushTarget.ts'
import { createReplyWindows, type ReplyWindows } from './replyWindows.ts'
import { DEFAULT_PAGES, DEFAULT_TEMPLATES, type Template } from './templates.ts'
import { createUsers, type User, type Users } from './users.ts'

const DEFAULT_PUSH_TIMEOUT_MS = 5000

export type SentMessage = {
  readonly touser: string
  readonly templateId: string
  readonly data: Readonly<Record<string, string>>
  readonly page: string | undefined
  /** Beyond 2^53, hence text. */
  readonly msgid: string
  /** Whether it reached the phone. */
  readonly delivered: boolean
}

export type CustomerMessage = {
  readonly touser: string
  readonly msgtype: string
  /** What stood under the name of the type. */
  readonly content: Readonly<Record<string, string>>
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
  readonly deliveries: Deliveries
  /** Whether a send is refused while another one to the same user is under way. */
  readonly refusesConcurrentSends: boolean
  /** The openids that a message is being sent to. */
  readonly sendsUnderWay: Set<string>
  readonly mediaReview: MediaReview
  readonly customerMessages: CustomerMessage[]
  readonly replyWindows: ReplyWindows
  readonly pushes: Pushes
  /** The id of the next message that a user sends. */
  readonly nextMsgId: () => bigint
  /** Whether exchanging a login code leaves a living session key as it is. */
  keepsSessionKeys: boolean
}

export type WechatOptions = {
  appId: string
  appSecret: string
  nowMs?: () => number
  templates?: readonly Template[]
  releasedPages?: readonly string[]
  /** Where messages and events are pushed; nothing is pushed while there is no target. */
  push?: PushTarget
  /** How long a push waits for its answer, by real time; 5 seconds unless told otherwise. */
  pushTimeoutMs?: number
  /** By itself the media review judges a job so much later, by real time; never when absent. */
  judgeMediaAfterMs?: number
  /** Refuses a send with 43108 while another one to the same user is under way. */
  refusesConcurrentSends?: boolean
}

export function createWechat(options: WechatOptions): Wechat {
  const { appId, appSecret, nowMs = Date.now } = options
  const { templates = DEFAULT_TEMPLATES, releasedPages = DEFAULT_PAGES } = options
  const { pushTimeoutMs: timeoutMs = DEFAULT_PUSH_TIMEOUT_MS, refusesConcurrentSends = false } = options
  const pushes = createPushes({ appId, nowMs, timeoutMs, target: options.push })

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
    deliveries: createDeliveries(),
    refusesConcurrentSends,
    sendsUnderWay: new Set(),
    mediaReview: createMediaReview({ appId, pushes, judgeAfterMs: options.judgeMediaAfterMs }),
    customerMessages: [],
    replyWindows: createReplyWindows(nowMs),
    pushes,
    nextMsgId: createMsgIds(nowMs),
    keepsSessionKeys: false,
  }
}

/** Odd and beyond 2^53, so that no JavaScript number can hold them; from the clock, so that a restart repeats none. */
function createMsgIds(nowMs: () => number): () => bigint {
  let last = 0n
  return () => {
    const next = BigInt(Math.floor(nowMs())) * 1_000_000n + 1n
    last = next > last ? next : last + 2n
    return last
  }
}

/** The watermark on open data that leaves WeChat at this moment. */
export const watermarkOf = (wechat: Wechat, atMs = wechat.nowMs()) => ({
  timestamp: Math.floor(atMs / 1000),
  appid: wechat.appId,
})
