import { type Account, readAccount } from '../state/accounts.ts'
import type { Records } from '../state/records.ts'
import type { UserCaller } from './caller.ts'

/** The caller's account: already read where a token proved who is calling, looked up where the platform did. */
export async function readCallerAccount(caller: UserCaller, records: Records): Promise<Account | undefined> {
  return caller.session ? caller.session.account : (await readAccount(records, caller.openid)).value
}
