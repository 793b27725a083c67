import { Problem } from '../../shared/core/problem.ts'
import { callerScope } from '../../shared/function/callerScope.ts'
import type { Context } from '../../shared/function/define.ts'
import { spendToday } from '../../shared/state/dailyBudgets.ts'
import { ContendedRecord, isStoreAbsent } from '../../shared/state/records.ts'
import type { Spending } from '../../shared/state/spending.ts'

type State = Pick<Context<'user' | 'server'>, 'caller' | 'config' | 'records' | 'clock'>

type BudgetOptions<T> = {
  /** Whether the code is made only where it can be counted. */
  readonly needsState: boolean
  readonly make: () => Promise<T>
}

/**
 * Makes a code, counted in the user's budget of the day. What WeChat refuses counts as well: a user could
 * otherwise keep asking. Codes for servers are not counted.
 *
 * A code that needs no state is made all the same without a store, and nobody counts it. Many at once do not
 * count as that: they contend for the user's own record.
 *
 * @throws Problem `QUOTA_EXCEEDED`, `CONFIG_ERROR`, `STATE_UNAVAILABLE`, and what `make` throws
 */
export async function makeWithinBudget<T>(state: State, { needsState, make }: BudgetOptions<T>): Promise<T> {
  const spending = await spendUserCode(state, needsState)
  try {
    return await make()
  } catch (thrown) {
    if (thrown instanceof Problem) await spending?.giveBack(thrown)
    throw thrown
  }
}

async function spendUserCode(
  { caller, config, records, clock }: State,
  needsState: boolean,
): Promise<Spending | undefined> {
  if (caller.kind !== 'user') return undefined

  const budget = {
    owner: callerScope(caller, 'budget'),
    limits: [{ counter: 'codes', variable: 'USER_CODES_PER_DAY', limit: config.userCodesPerDay }],
    countsRefusals: true,
  } as const
  try {
    return await spendToday({ records, clock }, [budget])
  } catch (thrown) {
    if (needsState || !isStoreAbsent(thrown) || thrown instanceof ContendedRecord) throw thrown
    return undefined
  }
}
