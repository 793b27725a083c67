import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'
import { endSessions } from '../../shared/state/accounts.ts'

const input = z.strictObject({ everywhere: z.optional(z.boolean()) })

export type LogoutInput = z.input<typeof input>

export type LogoutOutput = {
  /** How many living sessions were ended. */
  readonly revoked: number
}

/**
 * Ends the caller's session, or all of the user's sessions.
 *
 * The session key dies with the last of them. A call through `wx.cloud.callFunction` carries no token, so it
 * has no single session to end and ends them all.
 */
export default defineFunction({
  name: 'logout',
  access: ['user'],
  input,
  uses: {},
  timeoutSeconds: 10,

  async handle({ caller, records, clock }, { everywhere = false }): Promise<LogoutOutput> {
    const which = everywhere || !caller.session ? 'all' : { sessionId: caller.session.id }
    return { revoked: await endSessions({ records, clock }, caller.openid, which) }
  },
})
