import { Problem } from '../core/problem.ts'

/** What an effect has cost before it began. */
export type Spending = {
  /**
   * Gives back what is owed for an effect that certainly did not happen, by why it did not. Never fails: what
   * cannot be given back stays spent.
   */
  giveBack(problem: Problem): Promise<void>
}

/** Spends one after the other, or nothing: where one cannot be spent, those before it are given back. */
export async function spendAll(purses: readonly (() => Promise<Spending>)[]): Promise<Spending> {
  const spent: Spending[] = []
  const giveBack = async (problem: Problem) => {
    await Promise.all(spent.map((spending) => spending.giveBack(problem)))
  }
  for (const spend of purses) {
    const spending = await spend().catch(async (thrown: unknown) => {
      if (thrown instanceof Problem) await giveBack(thrown)
      throw thrown
    })
    spent.push(spending)
  }
  return { giveBack }
}
