import type { RecordKind } from '../../../shared/state/records.ts'
import type { Code } from './cell.ts'
import type { OperationName } from './operations.ts'

/** How a record can be there and yet say nothing. */
export const SPOILT: Readonly<Record<string, (body: string) => string>> = {
  'sealed with a key that was retired': (body) => body.replace('.k1.', '.k0.'),
  garbage: () => 'garbage',
  empty: () => '',
  'cut off': (body) => body.slice(0, body.length / 2),
  'changed in one bit': (body) => body.slice(0, -9) + (body.at(-9) === 'A' ? 'B' : 'A') + body.slice(-8),
  'of another format': (body) => body.replace('v1.', 'v2.'),
}

/** `before`: it is found by the first call. `repeat`: by a repeat of it. `next`: by another such call. */
type When = 'before' | 'repeat' | 'next'

/** Who finds it, how the call ends, and how many effects WeChat has taken in all. */
type Meeting = readonly [name: OperationName, when: When, code: Code, accepted: number]

/**
 * What must never be forgotten (that a message was sent, a counter, what is left of the stock) is not begun
 * anew. A session that nobody can read is none, and whatever only saves work is made again.
 */
export const UNREADABLE: Readonly<Record<RecordKind, readonly Meeting[]>> = {
  account: [
    ['login', 'next', 'OK', 2],
    ['logout', 'before', 'UNAUTHENTICATED', 0],
    ['checkSession', 'before', 'UNAUTHENTICATED', 0],
    ['decryptOpenData by session key', 'before', 'UNAUTHENTICATED', 0],
  ],
  accessToken: [
    ['checkSession', 'before', 'OK', 1],
    ['decryptOpenData by cloudID', 'before', 'OK', 1],
    ['getPhoneNumber', 'before', 'OK', 1],
    ['verifySoter', 'before', 'OK', 1],
    ['sendSubscribeMessage', 'before', 'OK', 1],
    ['getQrCode unlimited', 'before', 'OK', 1],
    ['getQrCode limited', 'before', 'OK', 1],
    ['getQrCode classic', 'before', 'OK', 1],
    ['checkContent of a text', 'before', 'OK', 1],
    ['checkContent of an image', 'before', 'OK', 1],
    ['checkContent of a URL', 'before', 'OK', 1],
    ['refreshAccessToken', 'before', 'OK', 0],
  ],
  loginCode: [['login', 'repeat', 'CODE_USED', 1]],
  soterChallenge: [['verifySoter', 'before', 'BIOMETRIC_FAILED', 0]],
  soterDevice: [['verifySoter', 'next', 'CONFIG_ERROR', 2]],
  effect: [
    ['sendSubscribeMessage', 'repeat', 'CONFIG_ERROR', 1],
    ['getQrCode limited', 'repeat', 'CONFIG_ERROR', 1],
    ['getQrCode classic', 'repeat', 'CONFIG_ERROR', 1],
  ],
  // A day's counts begin anew.
  budget: [
    ['sendSubscribeMessage', 'next', 'OK', 2],
    ['getQrCode unlimited', 'next', 'OK', 1],
  ],
  // Found by whoever wants another code than the one that was made: see the test.
  limitedCodes: [],
  qrCode: [['getQrCode unlimited', 'repeat', 'OK', 2]],
  // That it is there is all that it says.
  openData: [['decryptOpenData by session key', 'repeat', 'OPEN_DATA_STALE', 0]],
}
