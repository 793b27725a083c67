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

/** Who finds it, how the call ends, and how many effects there are in all, as far as anybody can read. */
type Meeting = readonly [name: OperationName, when: When, code: Code, accepted: number]

/**
 * What must never be forgotten (that a message was sent, what a user grants, a counter, what is left of the
 * stock, what a code stands for) is not begun anew. A session or a job that nobody can read is none, and
 * whatever only saves work is made again.
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
    ['receiveMessage with a handler', 'before', 'OK', 1],
    ['getQrCode unlimited', 'before', 'OK', 1],
    ['getQrCode for params', 'before', 'OK', 1],
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
    ['checkContent of a URL', 'repeat', 'CONFIG_ERROR', 1],
  ],
  // A day's counts begin anew.
  budget: [
    ['sendSubscribeMessage', 'next', 'OK', 2],
    ['getQrCode unlimited', 'next', 'OK', 2],
    ['getQrCode for params', 'next', 'OK', 2],
  ],
  grants: [
    ['recordSubscription', 'repeat', 'CONFIG_ERROR', 0],
    ['sendSubscribeMessage', 'before', 'CONFIG_ERROR', 0],
    // What WeChat tells waits in the inbox.
    ['receiveMessage of a tap', 'repeat', 'OK', 1],
  ],
  // Left by a slow store alone: see the test.
  grantInbox: [],
  // Found by whoever wants another code than the one that was made: see the test.
  limitedCodes: [],
  qrCode: [
    ['getQrCode unlimited', 'repeat', 'OK', 2],
    ['getQrCode for params', 'repeat', 'OK', 2],
  ],
  scene: [['resolveScene', 'before', 'CONFIG_ERROR', 0]],
  sceneHandle: [['getQrCode for params', 'repeat', 'CONFIG_ERROR', 1]],
  contentVerdict: [['checkContent of an image', 'repeat', 'OK', 2]],
  mediaJob: [
    ['getContentResult without a verdict', 'before', 'NOT_FOUND', 0],
    ['getContentResult with a verdict', 'before', 'NOT_FOUND', 0],
  ],
  // Nobody hears of another verdict, so it is `review` when its time is over.
  mediaVerdict: [
    ['receiveMessage of a verdict', 'repeat', 'OK', 0],
    ['getContentResult with a verdict', 'before', 'OK', 0],
  ],
  // It was received once already, whatever became of it.
  push: [
    ['receiveMessage with a handler', 'repeat', 'OK', 1],
    ['receiveMessage of an unknown event', 'repeat', 'OK', 0],
  ],
  // That it is there is all that it says.
  openData: [['decryptOpenData by session key', 'repeat', 'OPEN_DATA_STALE', 0]],
}
