import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'
import { text } from '../../shared/function/fields.ts'
import { issueChallenge } from '../../shared/state/soterChallenges.ts'

const input = z.strictObject({
  purpose: text({ pattern: /^[A-Za-z0-9_.:-]+$/, maxLength: 64 }),
  action: z.optional(text({ maxLength: 256 })),
})

export type CreateSoterChallengeInput = z.input<typeof input>

export type CreateSoterChallengeOutput = {
  /** Pass it to `wx.startSoterAuthentication` as it is. */
  readonly challenge: string
  readonly expiresAtMs: number
}

/**
 * Issues the challenge for one biometric confirmation, bound to the caller, a purpose and, where given, the
 * action that is being confirmed (an order number, a digest).
 */
export default defineFunction({
  name: 'createSoterChallenge',
  access: ['user'],
  input,
  uses: {},
  timeoutSeconds: 10,

  handle: (
    { caller, records, clock, random, config },
    { purpose, action },
  ): Promise<CreateSoterChallengeOutput> =>
    issueChallenge(
      { records, clock, random },
      { openid: caller.openid, purpose, ...(action !== undefined && { action }) },
      config.soterChallengeTtlSeconds,
    ),
})
