import { sha256Base64Url } from '../core/digest.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Records } from './records.ts'

/** Whom and what a challenge was issued for. */
export type SoterChallenge = { readonly openid: string; readonly purpose: string; readonly action?: string }

type State = { readonly records: Records; readonly clock: Clock; readonly random: Random }

/** Twice the 128 bits that a challenge needs at least. */
const CHALLENGE_BYTES = 32

const idOf = (challenge: string): string => sha256Base64Url(challenge)

/** Issues a challenge. @throws Problem `STATE_UNAVAILABLE` */
export async function issueChallenge(
  { records, clock, random }: State,
  issuedFor: SoterChallenge,
  ttlSeconds: number,
): Promise<{ challenge: string; expiresAtMs: number }> {
  const challenge = Buffer.from(random.bytes(CHALLENGE_BYTES)).toString('base64url')
  const expiresAtMs = clock.nowMs() + ttlSeconds * 1000
  await records.write(
    records.empty<SoterChallenge>('soterChallenge', idOf(challenge)),
    issuedFor,
    expiresAtMs,
  )

  return { challenge, expiresAtMs }
}

/**
 * Burns a challenge, before anything is decided about the answer to it.
 *
 * @returns what it was issued for; `undefined` when it is unknown, has expired or was burnt before
 */
export async function burnChallenge(
  records: Records,
  claimedChallenge: string,
): Promise<SoterChallenge | undefined> {
  const slot = await records.read<SoterChallenge>('soterChallenge', idOf(claimedChallenge))
  return (await records.remove(slot)) ? slot.value : undefined
}
