import type { AccountSlot } from '../state/accounts.ts'

/** Who may call a function. */
export const ACCESS = ['anonymous', 'user', 'server', 'timer', 'push'] as const

export type Access = (typeof ACCESS)[number]

/** A mini-program user, proven by the platform's context or by our own session token. */
export type UserCaller = {
  readonly kind: 'user'
  readonly openid: string
  readonly unionid?: string
  /** The session that the token stands for. Absent when the platform itself vouched for the user. */
  readonly session?: { readonly id: string; readonly slot: AccountSlot }
  /** The input fields that WeChat's own back end filled from cloudIDs in this very call. */
  readonly vouchedFields: ReadonlySet<string>
}

/** Nobody in particular. */
export type AnonymousCaller = {
  readonly kind: 'anonymous'
  /** The session whose token came along, unproven: it may have ended, or never have been. */
  readonly claimedSessionId?: string
}

type Callers = {
  anonymous: AnonymousCaller
  user: UserCaller
  server: { readonly kind: 'server' }
  timer: { readonly kind: 'timer' }
  /** WeChat itself, with something to tell. */
  push: { readonly kind: 'push' }
}

/** Who is calling, narrowed to what a function allows. */
export type Caller<A extends Access = Access> = Callers[A]

/**
 * What the platform attests about a call, before anything is decided about it.
 *
 * An adapter reads it from this invocation's own context and headers, never from fields a client wrote.
 */
export type Origin = (
  | {
      readonly kind: 'wechatUser'
      readonly openid: string
      readonly unionid?: string
      readonly vouchedFields: ReadonlySet<string>
    }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'server' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'push' }
  | { readonly kind: 'nobody' }
) & {
  /** The mini program that CloudBase says the call came from. */
  readonly appId?: string
  /** Another mini program that calls through resource sharing. */
  readonly fromAppId?: string
}
