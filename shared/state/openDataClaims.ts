import { sha256Base64Url } from '../core/digest.ts'
import { Problem } from '../core/problem.ts'
import type { Records } from './records.ts'

const BLOCK_BYTES = 16

/** Encrypted open data that turned out to be good, and whose it is. */
export type GoodOpenData = { readonly openid: string; readonly ciphertext: Uint8Array }

/**
 * Takes encrypted data for this one call; whoever brings it again is refused.
 *
 * Data is known by its last block. The cipher lets a client exchange the iv and cut blocks off the beginning,
 * and what is left may still open; the last block depends on all before it and stays as WeChat made it.
 *
 * @param untilMs when the data is stale anyway
 * @throws Problem `OPEN_DATA_STALE` when it was taken before, `STATE_UNAVAILABLE`
 */
export async function claimOpenData(
  records: Records,
  { openid, ciphertext }: GoodOpenData,
  untilMs: number,
): Promise<void> {
  const lastBlock = Buffer.from(ciphertext.subarray(-BLOCK_BYTES)).toString('base64')
  const slot = records.empty<true>('openData', sha256Base64Url(`${openid} ${lastBlock}`))
  if (!(await records.write(slot, true, untilMs)))
    throw new Problem('OPEN_DATA_STALE', { reason: 'was used before' })
}
