/** The middle of what was measured, and the range that half of it lies in. */
export type Distribution = { readonly median: number; readonly low: number; readonly high: number }

/** A machine that does other things besides disturbs the median least. */
export function distributionOf(values: readonly number[]): Distribution {
  const at = (fraction: number) => quantileOf(values, fraction)
  return { median: at(0.5), low: at(0.25), high: at(0.75) }
}

/** What this fraction of the values does not exceed. */
export function quantileOf(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.round((sorted.length - 1) * fraction)] ?? Number.NaN
}
