import { type AccountSlot, readAccount } from '../state/accounts.ts'
import type { Records } from '../state/records.ts'
import type { UserCaller } from './caller.ts'

/** The caller's account: already read where a token proved who is calling, looked up where the platform did. */
export const readCallerAccount = async (caller: UserCaller, records: Records): Promise<AccountSlot> =>
  caller.session?.slot ?? readAccount(records, caller.openid)
