import { Problem } from '../../shared/core/problem.ts'

/** The code, field and reason of the problem that a piece of work throws; `undefined` when it throws none. */
export function problemOf(
  work: () => unknown,
): { code: string; field?: string; reason?: string } | undefined {
  try {
    work()
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    const { field, reason } = thrown.options
    return {
      code: thrown.code,
      ...(field !== undefined && { field }),
      ...(reason !== undefined && { reason }),
    }
  }
}
