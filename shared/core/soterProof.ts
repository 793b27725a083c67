import { hmacSha256, isSameSecret } from './digest.ts'
import type { KeyRing } from './seal.ts'

/** What a proof says: this user confirmed this purpose, and this action, with their body at this time. */
export type SoterProof = {
  readonly appId: string
  readonly openid: string
  readonly purpose: string
  readonly action?: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** Long enough for the call that needs the confirmation to follow, short enough to be of that moment. */
const PROOF_LIFE_SECONDS = 300
const PURPOSE = 'soter proof'

type Claims = {
  readonly iss: string
  readonly sub: string
  readonly purpose: string
  readonly action?: string
  readonly iat: number
  readonly exp: number
}

/**
 * Signs a proof of a biometric confirmation for the deployment's other functions: a JWT (RFC 7519) under
 * HS256, with a key that is derived from `STATE_KEYS` for this alone.
 */
export function signSoterProof(
  {
    appId,
    openid,
    purpose,
    action,
    nowMs,
  }: Omit<SoterProof, 'issuedAtMs' | 'expiresAtMs'> & { readonly nowMs: number },
  keys: KeyRing,
): string {
  const iat = Math.floor(nowMs / 1000)
  const header = { alg: 'HS256', typ: 'JWT', kid: keys.current }
  const claims: Claims = {
    iss: appId,
    sub: openid,
    purpose,
    ...(action !== undefined && { action }),
    iat,
    exp: iat + PROOF_LIFE_SECONDS,
  }
  const body = `${encode(header)}.${encode(claims)}`

  return `${body}.${signatureOf(body, keys.current, keys)}`
}

const signatureOf = (body: string, keyId: string, keys: KeyRing): string =>
  hmacSha256(keys.derive(keyId, PURPOSE), body).toString('base64url')

/**
 * Reads a proof that one of our functions signed, for this purpose and still of this moment.
 *
 * For the function that the confirmation was asked for. It still has to compare `openid` with its own
 * caller and `action` with what it is about to do.
 *
 * @returns `undefined` when the proof is anything else
 */
export function verifySoterProof(
  proof: string,
  expected: { readonly appId: string; readonly purpose: string; readonly nowMs: number },
  keys: KeyRing,
): SoterProof | undefined {
  const [header = '', payload = '', signature = '', ...rest] = proof.split('.')
  const { alg, kid } = decode<{ alg: unknown; kid: unknown }>(header)
  if (rest.length > 0 || alg !== 'HS256' || typeof kid !== 'string' || !keys.has(kid)) return undefined
  if (!isSameSecret(signatureOf(`${header}.${payload}`, kid, keys), signature)) return undefined

  const { iss, sub, purpose, action, iat, exp } = decode<Claims>(payload) as Claims
  const isOfThisMoment = expected.nowMs < exp * 1000
  if (iss !== expected.appId || purpose !== expected.purpose || !isOfThisMoment) return undefined

  return {
    appId: iss,
    openid: sub,
    purpose,
    ...(action !== undefined && { action }),
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function decode<T extends object>(text: string): Partial<T> {
  try {
    return Object(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  } catch {
    return {}
  }
}
