/** Chance that a seed decides: the same seed, the same choices. Nothing about it is secret. */
export type Chance = {
  /** A number in [0, 1). */
  fraction(): number
  /** A number in [minimum, maximum). */
  between(minimum: number, maximum: number): number
  /** An integer, both ends included. */
  integer(minimum: number, maximum: number): number
  happens(probability: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  bytes(length: number): Uint8Array
  /** Chance of its own, so that how often one part asks does not change what another part gets. */
  fork(): Chance
}

/** xoshiro128** (https://prng.di.unimi.it), its state filled by splitmix32. */
export function createChance(seed: number): Chance {
  let mixed = seed | 0
  const splitmix32 = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0
    let word = mixed ^ (mixed >>> 16)
    word = Math.imul(word, 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return word ^ (word >>> 15)
  }
  let [a, b, c, d] = [splitmix32(), splitmix32(), splitmix32(), splitmix32()]

  function next(): number {
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }

  const chance: Chance = {
    fraction: () => next() / 2 ** 32,
    between: (minimum, maximum) => minimum + chance.fraction() * (maximum - minimum),
    integer: (minimum, maximum) => minimum + Math.floor(chance.fraction() * (maximum - minimum + 1)),
    happens: (probability) => chance.fraction() < probability,
    pick: (items) => items[chance.integer(0, items.length - 1)] ?? items[0],
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24),
    fork: () => createChance(next()),
  }
  return chance
}
