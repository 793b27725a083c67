import type { Problem } from '../core/problem.ts'

/** What an effect has cost before it began. */
export type Spending = {
  /**
   * Gives back what is owed for an effect that certainly did not happen, by why it did not. Never fails: what
   * cannot be given back stays spent.
   */
  giveBack(problem: Problem): Promise<void>
}
