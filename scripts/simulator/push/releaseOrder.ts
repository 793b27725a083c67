import type { PushMessage } from './pushMessage.ts'

export type ReleaseOptions = {
  /** A seed for a random order, or the order itself: the numbers from 0 to count − 1, first to be delivered first. */
  readonly shuffle?: number | ((count: number) => readonly number[])
  /** How many of them are delivered once more, as a fraction; 2 delivers each of them three times. */
  readonly duplicates?: number
  /** Releases these alone; the others stay held, and so do those to come. */
  readonly only?: (message: PushMessage) => boolean
  /** How many are delivered at the same time; 1, the default, keeps the order. */
  readonly inParallel?: number
}

const DEFAULT_SEED = 1

/**
 * Puts what is released in its order; what is to be duplicated is there more than once. The same seed gives the same
 * order. Throws a RangeError when the order that was told is none.
 */
export function orderRelease<Item>(
  items: readonly Item[],
  { shuffle, duplicates = 0 }: Pick<ReleaseOptions, 'shuffle' | 'duplicates'>,
): readonly Item[] {
  const random = createRandom(typeof shuffle === 'number' ? shuffle : DEFAULT_SEED)
  const all = items.flatMap((item) => Array<Item>(1 + Math.floor(duplicates + random())).fill(item))
  if (shuffle === undefined) return all

  const order = typeof shuffle === 'number' ? shuffledIndexes(all.length, random) : shuffle(all.length)
  const ordered = order.flatMap((index) => all[index] ?? [])
  if (ordered.length !== all.length || new Set(order).size !== all.length) {
    throw new RangeError(`shuffle(${all.length}) must give each number from 0 to ${all.length - 1} once`)
  }
  return ordered
}

/** Fisher–Yates. */
function shuffledIndexes(count: number, random: () => number): readonly number[] {
  const indexes = Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random() * (last + 1))
    const [a = 0, b = 0] = [indexes[last], indexes[chosen]]
    indexes[last] = b
    indexes[chosen] = a
  }
  return indexes
}

/** Mulberry32: numbers from 0 up to 1 that follow from the seed alone. */
function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
