import { chinaDayAt } from '../core/chinaDay.ts'
import type { Variable } from '../core/config.ts'
import { isDefiniteRefusal } from '../core/definiteRefusal.ts'
import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Records } from './records.ts'
import type { Spending } from './spending.ts'

/** So much a day for one owner. */
export type DailyBudget = {
  /** Whom or what the counts belong to. One record a day holds them all. */
  readonly owner: string
  readonly limits: readonly DailyLimit[]
  /** Whether what WeChat definitely refused is counted as well. */
  readonly countsRefusals: boolean
}

export type DailyLimit = { readonly counter: string; readonly limit: number; readonly variable: Variable }

type Counts = Readonly<Record<string, number>>

type State = { readonly records: Records; readonly clock: Clock }

/**
 * Counts one effect in each budget before it begins, or in none of them. Each budget takes one read and one
 * conditional write; its record ends with the day in China, as WeChat's own quotas do.
 *
 * What failed in passing (WeChat was not reached, was busy, or limits the rate) is given back. What WeChat
 * refused is given back unless the budget counts refusals; an outcome that nobody knows never is.
 *
 * @throws Problem `QUOTA_EXCEEDED` until the day ends, `STATE_UNAVAILABLE`
 */
export async function spendToday(state: State, budgets: readonly DailyBudget[]): Promise<Spending> {
  const spent: Spent[] = []
  try {
    for (const budget of budgets) spent.push(await spendOne(state, budget))
  } catch (thrown) {
    await undoAll(spent)
    throw thrown
  }
  return {
    giveBack: (problem) =>
      undoAll(isDefiniteRefusal(problem) ? spent.filter(({ countsRefusals }) => !countsRefusals) : spent),
  }
}

type Spent = { readonly countsRefusals: boolean; readonly undo: () => Promise<void> }

async function spendOne(
  { records, clock }: State,
  { owner, limits, countsRefusals }: DailyBudget,
): Promise<Spent> {
  const nowMs = clock.nowMs()
  const { day, endsAtMs: expiresAtMs } = chinaDayAt(nowMs)
  const id = `${day}:${owner}`
  const counted = (counts: Counts, by: 1 | -1): Counts => ({
    ...counts,
    ...Object.fromEntries(limits.map(({ counter }) => [counter, Math.max(0, (counts[counter] ?? 0) + by)])),
  })

  await records.update<Counts>('budget', id, (counts = {}) => {
    const usedUp = limits.find(({ counter, limit }) => (counts[counter] ?? 0) >= limit)
    if (usedUp) {
      const reason = `${usedUp.variable} is used up for today`
      throw new Problem('QUOTA_EXCEEDED', { reason, retryAfterMs: expiresAtMs - nowMs })
    }
    return { value: counted(counts, 1), expiresAtMs }
  })
  return {
    countsRefusals,
    undo: () =>
      records.update<Counts>('budget', id, (counts) => counts && { value: counted(counts, -1), expiresAtMs }),
  }
}

async function undoAll(spent: readonly Spent[]): Promise<void> {
  for (const { undo } of spent) await undo().catch(() => undefined)
}
