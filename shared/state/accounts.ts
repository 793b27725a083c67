import type { Records, Slot } from './records.ts'
import { handleOf } from './sessionToken.ts'

/**
 * All that is kept of a user, in one record, so that every rule about sessions is one conditional write:
 * logins, uses and logouts that race have one order, and no instance sees half of one.
 */
export type Account = {
  readonly openid: string
  readonly unionid?: string
  /** The latest login last. Those that ran out are remembered for a while. */
  readonly sessions: readonly Session[]
  /** Absent once the last session was ended. */
  readonly keys?: SessionKeys
  /** Of calls for which the platform vouches, since the last login. Sessions count their own. */
  readonly decryptFailuresAtMs: readonly number[]
  /** The logouts of the last minutes, which beat the logins that were under way. */
  readonly revocations?: readonly Revocation[]
}

/** One device that is logged in, whatever token it has by now. */
export type Session = {
  /** The hash of its token. */
  readonly id: string
  readonly expiresAtMs: number
  /** When it was last used, to within what `useSession` leaves unwritten. */
  readonly usedAtMs: number
  readonly decryptFailuresAtMs?: readonly number[]
  /** The tokens that later logins of the same device replaced, the latest last. */
  readonly former?: readonly { readonly id: string; readonly replacedAtMs: number }[]
}

/** WeChat keeps one session_key per user, so it belongs to the account and not to a session. */
export type SessionKeys = {
  readonly current: string
  /** When WeChat was asked for the current key. */
  readonly askedAtMs: number
  /** The key before a parallel login changed it, honoured for what the phone encrypted meanwhile. */
  readonly previous?: { readonly key: string; readonly untilMs: number }
}

/** That sessions were ended. */
export type Revocation = {
  readonly atMs: number
  /** All ids that the sessions ever had; absent when it was every session of the user. */
  readonly sessionIds?: readonly string[]
}

export type AccountSlot = Slot<Account>

/** How long a session that ran out is told from one that never was. */
export const EXPIRED_MEMORY_MS = 7 * 86_400_000
/** More than a call lasts and the clocks of two instances differ. */
export const REVOCATION_MEMORY_MS = 900_000

/** The account of a user; an empty slot when we know none. */
export const readAccount = (records: Records, openid: string): Promise<AccountSlot> =>
  readAccountByHandle(records, handleOf(openid))

/** The account with a handle; an empty slot when we know none. */
export const readAccountByHandle = (records: Records, handle: string): Promise<AccountSlot> =>
  records.read<Account>('account', handle)

/** Writes an account over the slot that was read, unless somebody else was first. */
export const writeAccount = (records: Records, slot: AccountSlot, account: Account): Promise<unknown> =>
  records.write(slot, account, endOf(account))

/** Changes the account that is there by the time of the write. A change of `undefined` leaves it alone. */
export const updateAccount = (
  records: Records,
  openid: string,
  change: (account: Account | undefined) => Account | undefined,
  seen?: AccountSlot,
): Promise<void> =>
  records.update<Account>(
    'account',
    handleOf(openid),
    (before) => {
      const value = change(before)
      return value && { value, expiresAtMs: endOf(value) }
    },
    seen,
  )

/** An account without sessions ends when its logouts need no longer be known. */
const endOf = ({ sessions, revocations = [] }: Account): number =>
  Math.max(
    ...sessions.map(({ expiresAtMs }) => expiresAtMs + EXPIRED_MEMORY_MS),
    ...revocations.map(({ atMs }) => atMs + REVOCATION_MEMORY_MS),
  )
