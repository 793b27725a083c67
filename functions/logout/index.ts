import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'
import { endSessions } from '../../shared/state/sessions.ts'

const input = z.strictObject({ everywhere: z.optional(z.boolean()) })

export type LogoutInput = z.input<typeof input>

export type LogoutOutput = {
  /** How many living sessions were ended. */
  readonly revoked: number
}

/**
 * Ends the caller's session, or all of the user's sessions.
 *
 * The session key dies with the last of them. A login that was under way when all were ended is refused, and
 * so is one that was about to replace the session that was ended. A call through `wx.cloud.callFunction`
 * carries no token, so it has no single session to end and ends them all.
 */
export default defineFunction({
  name: 'logout',
  access: ['user'],
  input,
  uses: {},
  timeoutSeconds: 10,

  async handle({ caller, records, clock, config }, { everywhere = false }): Promise<LogoutOutput> {
    const which = everywhere || !caller.session ? 'all' : { sessionId: caller.session.id }
    const { openid, session } = caller
    const idleSeconds = config.sessionIdleSeconds
    return { revoked: await endSessions({ records, clock }, openid, which, idleSeconds, session?.slot) }
  },
})
