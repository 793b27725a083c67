import { Problem } from '../core/problem.ts'
import { type Records, requireReadable } from './records.ts'
import type { Spending } from './spending.ts'

/** How many codes of the stock are made, or may have been. One record for the life of the mini program. */
type Ledger = { readonly made: number }

const ID = 'stock'
/** WeChat's own count of limited and classic codes has come to its end. */
const STOCK_USED_UP = 45029

/**
 * Takes one of the limited codes before WeChat is asked for it.
 *
 * It is given back when WeChat certainly made none, and stays spent when nobody knows. When WeChat says that
 * its stock is used up the ledger believes it: nothing is left until the operator raises `stock`.
 *
 * @param stock how many this deployment may make
 * @returns also how many are left after this one
 * @throws Problem `QUOTA_EXCEEDED`, `STATE_UNAVAILABLE`
 */
export async function spendLimitedCode(
  records: Records,
  stock: number,
): Promise<Spending & { readonly left: number }> {
  let left = 0
  await records.update<Ledger>('limitedCodes', ID, (ledger, slot) => {
    requireReadable(slot)
    const made = (ledger?.made ?? 0) + 1
    if (made > stock) throw new Problem('QUOTA_EXCEEDED', { reason: 'LIMITED_CODE_STOCK is used up' })

    left = stock - made
    return { value: { made } }
  })
  return {
    left,
    async giveBack({ options }) {
      const isUsedUp = options.upstream?.errcode === STOCK_USED_UP
      const without = ({ made }: Ledger): Ledger => ({ made: isUsedUp ? Math.max(made, stock) : made - 1 })
      await records
        .update<Ledger>('limitedCodes', ID, (ledger) => ledger && { value: without(ledger) })
        .catch(() => undefined)
    },
  }
}
