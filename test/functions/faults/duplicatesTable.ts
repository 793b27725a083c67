import type { Code, Row } from './cell.ts'
import type { OperationName } from './operations.ts'

/** How the two end, the first one's code first where they come in turn, and how many effects there are. */
export type Pair = readonly [code: Code, code: Code, accepted: number]

type Duplicate = {
  /** The platform repeats an invocation that was answered. */
  readonly inTurn: Pair
  /** Two processes get the same invocation at once. */
  readonly together: Pair
}

const ASKED_TWICE: Duplicate = { inTurn: ['OK', 'OK', 2], together: ['OK', 'OK', 2] }
const WITHOUT_EFFECT: Duplicate = { inTurn: ['OK', 'OK', 0], together: ['OK', 'OK', 0] }
const ONCE: Duplicate = { inTurn: ['OK', 'OK', 1], together: ['IN_PROGRESS', 'OK', 1] }
const WRITTEN_ONCE: Duplicate = { inTurn: ['OK', 'OK', 1], together: ['OK', 'OK', 1] }
/** It does no harm to ask twice; the second one finds what the first has kept, where there is something yet. */
const KEPT: Duplicate = { inTurn: ['OK', 'OK', 1], together: ['OK', 'OK', 2] }

export const DUPLICATES: Row<Duplicate> = {
  login: { inTurn: ['OK', 'CODE_USED', 1], together: ['CODE_USED', 'OK', 1] },
  // The first has ended the session with which the second would come.
  logout: { inTurn: ['OK', 'UNAUTHENTICATED', 0], together: ['OK', 'OK', 0] },
  checkSession: ASKED_TWICE,
  refreshAccessToken: WITHOUT_EFFECT,
  'decryptOpenData by session key': WITHOUT_EFFECT,
  'decryptOpenData by cloudID': ASKED_TWICE,
  getPhoneNumber: { inTurn: ['OK', 'CODE_INVALID', 1], together: ['CODE_INVALID', 'OK', 1] },
  // Each has a challenge of its own.
  createSoterChallenge: WITHOUT_EFFECT,
  verifySoter: { inTurn: ['OK', 'BIOMETRIC_FAILED', 1], together: ['BIOMETRIC_FAILED', 'OK', 1] },
  recordSubscription: WRITTEN_ONCE,
  sendSubscribeMessage: ONCE,
  'receiveMessage of a tap': WRITTEN_ONCE,
  'receiveMessage of a verdict': WRITTEN_ONCE,
  'receiveMessage of an unknown event': WRITTEN_ONCE,
  'receiveMessage with a handler': ONCE,
  'getQrCode unlimited': KEPT,
  'getQrCode for params': KEPT,
  'getQrCode limited': ONCE,
  'getQrCode classic': ONCE,
  resolveScene: WITHOUT_EFFECT,
  'checkContent of a text': ASKED_TWICE,
  'checkContent of an image': KEPT,
  'checkContent of a URL': ONCE,
  'getContentResult without a verdict': WITHOUT_EFFECT,
  'getContentResult with a verdict': WRITTEN_ONCE,
}

/** Whose answer is told again, and what is said beside it then. */
export const REMEMBERED = {
  sendSubscribeMessage: { repeated: true },
  'receiveMessage with a handler': {},
  'getQrCode unlimited': { cached: true },
  'getQrCode for params': { cached: true },
  'getQrCode limited': { cached: true },
  'getQrCode classic': { cached: true },
  recordSubscription: {},
  'checkContent of an image': {},
  'checkContent of a URL': {},
  'getContentResult with a verdict': {},
} as const satisfies { readonly [K in OperationName]?: object }
