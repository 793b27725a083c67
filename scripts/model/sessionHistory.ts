import { type CallEntry, codeOf, type RequestEntry } from './history.ts'
import { type IssuedKey, LOGIN_PATH } from './modelWechat.ts'
import type { World } from './world.ts'

export type Login = {
  readonly call: CallEntry
  readonly openid: string
  readonly code: string
  /** The token that came along, to be replaced. */
  readonly carried: string | undefined
}

export type Logout = {
  readonly call: CallEntry
  readonly openid: string
  /** The token that carried it; absent where WeChat vouched for the user. */
  readonly token: string | undefined
  readonly isEverywhere: boolean
}

/** Signed data is read with a token. */
export type Use = {
  readonly call: CallEntry
  readonly openid: string
  readonly token: string
  /** The key of the phone that signed; absent where the signature is no signature. */
  readonly key: IssuedKey | undefined
}

/** What users did in a run, in the order in which they began. */
export type Deeds = { readonly logins: Login[]; readonly logouts: Logout[]; readonly uses: Use[] }

export const isOk = ({ call }: { readonly call: CallEntry }): boolean => call.reply?.ok === true

/** The token and its end that a login answered. */
export function sessionOf({
  call,
}: Login): { readonly token: string; readonly expiresAtMs: number } | undefined {
  const data = call.reply?.ok ? (call.reply.data as { token?: string; expiresAtMs?: number }) : {}
  return data.token && data.expiresAtMs ? { token: data.token, expiresAtMs: data.expiresAtMs } : undefined
}

/** Whether a use passed for its user, whatever came of the data. */
export const isLetIn = ({ call }: Use): boolean =>
  ['OK', 'DECRYPT_FAILED', 'RATE_LIMITED'].includes(codeOf(call.reply))

/** The requests of a login to WeChat, in their order. Another login may bring the same code. */
export const requestsOf = ({ history }: World, { code, call }: Login): readonly RequestEntry[] =>
  history.requests.filter(
    ({ path, subject, instance, sentAtMs }) =>
      path === LOGIN_PATH &&
      subject === code &&
      instance === call.instance &&
      call.startedAtMs <= sentAtMs &&
      sentAtMs <= (call.endedAtMs ?? Number.POSITIVE_INFINITY),
  )

/** The request of a login that WeChat answered with a session key. */
export const exchangeOf = (world: World, login: Login): RequestEntry | undefined =>
  requestsOf(world, login).find(({ answer }) => answer?.session_key !== undefined)

/** When a login first asked WeChat. What was refused before it was sent is asked again. */
export const askedAtMs = (world: World, login: Login): number =>
  requestsOf(world, login)[0]?.sentAtMs ?? Number.POSITIVE_INFINITY

/** A call that was never answered may still be doing what it does. */
export const endOf = ({ call }: { readonly call: CallEntry }): number =>
  call.endedAtMs ?? Number.POSITIVE_INFINITY

export const startOf = ({ call }: { readonly call: CallEntry }): number => call.startedAtMs

/** Whether the first was over, for everybody to see, before the second began. */
export const isBefore = (
  first: { readonly call: CallEntry },
  second: { readonly call: CallEntry },
): boolean => endOf(first) < startOf(second)

/** Whether something of the first may have been under way by the end of the second. */
export const mayPrecede = (
  first: { readonly call: CallEntry },
  second: { readonly call: CallEntry },
): boolean => startOf(first) < endOf(second)
