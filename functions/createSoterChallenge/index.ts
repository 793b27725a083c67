import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'
import { issueChallenge } from '../../shared/state/soterChallenges.ts'

const input = z.strictObject({
  purpose: z.string().check(z.regex(/^[A-Za-z0-9_.:-]{1,64}$/)),
  action: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
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
