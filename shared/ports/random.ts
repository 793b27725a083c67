/** Randomness, as everything below an adapter sees it. */
export interface Random {
  /** Bytes fit for keys and tokens. */
  bytes(length: number): Uint8Array
  /** A number in [0, 1) for jitter. Not fit for secrets. */
  fraction(): number
}
