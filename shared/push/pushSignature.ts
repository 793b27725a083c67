import { isSameSecret, sha1Hex } from '../core/digest.ts'
import { refusedPush } from './pushQuery.ts'

/** WeChat's signature of a push: SHA-1, in lower-case hex, of the parts in the order of their bytes, which are ASCII. */
export const signPush = (...parts: readonly string[]): string => sha1Hex(parts.toSorted().join(''))

/** @throws Problem `UNAUTHENTICATED` when the signature of this name is missing or another */
export function verifyPushSignature(
  name: 'signature' | 'msg_signature',
  claimed: string | undefined,
  ...parts: readonly string[]
): void {
  if (claimed === undefined || !isSameSecret(signPush(...parts), claimed))
    throw refusedPush(`${name} does not hold`)
}
