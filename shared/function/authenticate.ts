import type { Config } from '../core/config.ts'
import { isSameSecret } from '../core/digest.ts'
import { Problem } from '../core/problem.ts'
import { useSession } from '../state/sessions.ts'
import { isSessionToken, sessionIdOf } from '../state/sessionToken.ts'
import type { Access, Caller, Origin } from './caller.ts'
import type { Context } from './define.ts'

type AuthenticationContext = Pick<Context, 'config' | 'clock' | 'records'>

const NO_FIELDS: ReadonlySet<string> = new Set()

/**
 * Decides who is calling, and whether they may.
 *
 * What can be refused by the kind of the call is refused before anything is read or looked up.
 *
 * @throws Problem `UNAUTHENTICATED`, `SESSION_EXPIRED`, `FORBIDDEN`, `CONFIG_ERROR`, `STATE_UNAVAILABLE`
 */
export async function authenticate(
  access: readonly Access[],
  origin: Origin,
  context: AuthenticationContext,
): Promise<Caller> {
  switch (origin.kind) {
    case 'wechatUser': {
      requireAccess(access, 'user')
      requireOwnApp(origin, context.config)
      const { openid, unionid, vouchedFields } = origin
      return { kind: 'user', openid, ...(unionid && { unionid }), vouchedFields }
    }
    case 'server':
    case 'timer':
    case 'push':
      requireAccess(access, origin.kind)
      requireOwnApp(origin, context.config)
      return { kind: origin.kind }
    case 'bearer':
      return authenticateBearer(access, origin.token, context)
    case 'nobody':
      requireOwnApp(origin, context.config)
      if (!access.includes('anonymous')) throw new Problem('UNAUTHENTICATED')
      return { kind: 'anonymous' }
  }
}

function requireAccess(access: readonly Access[], kind: Access): void {
  if (!access.includes(kind)) throw new Problem('FORBIDDEN', { reason: `not callable by ${kind}` })
}

function requireOwnApp({ appId, fromAppId }: Origin, config: Config): void {
  if (fromAppId) throw new Problem('FORBIDDEN', { reason: 'called from another mini program' })
  if (appId && appId !== config.appId)
    throw new Problem('FORBIDDEN', { reason: 'called for another mini program' })
}

async function authenticateBearer(
  access: readonly Access[],
  token: string,
  context: AuthenticationContext,
): Promise<Caller> {
  if (isServerKey(token, context.config)) {
    requireAccess(access, 'server')
    return { kind: 'server' }
  }
  // Whoever logs in again may still carry the token of a session that has ended.
  if (access.includes('anonymous'))
    return { kind: 'anonymous', ...(isSessionToken(token) && { claimedSessionId: sessionIdOf(token) }) }
  if (!isSessionToken(token)) throw new Problem('UNAUTHENTICATED')

  requireAccess(access, 'user')
  const { id, account, slot } = await useSession(context, token, context.config.sessionIdleSeconds)
  return {
    kind: 'user',
    openid: account.openid,
    ...(account.unionid && { unionid: account.unionid }),
    session: { id, slot },
    vouchedFields: NO_FIELDS,
  }
}

/** A text in the shape of our own tokens is never the server's key, so that users do not depend on that variable. */
function isServerKey(token: string, config: Config): boolean {
  if (isSessionToken(token)) return false

  const expected = config.serverKey
  return expected !== undefined && isSameSecret(expected.reveal(), token)
}
