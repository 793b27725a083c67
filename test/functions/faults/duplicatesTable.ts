import { type Code, exempt, type Row } from './cell.ts'

/** How the two end, the first one's code first where they come in turn, and how many effects WeChat takes. */
export type Pair = readonly [code: Code, code: Code, accepted: number]

type Duplicate = {
  /** The platform repeats an invocation that was answered. */
  readonly inTurn: Pair
  /** Two processes get the same invocation at once. */
  readonly together: Pair
}

const ASKED_TWICE: Duplicate = { inTurn: ['OK', 'OK', 2], together: ['OK', 'OK', 2] }
const WITHOUT_WECHAT: Duplicate = { inTurn: ['OK', 'OK', 0], together: ['OK', 'OK', 0] }
const ONCE: Duplicate = { inTurn: ['OK', 'OK', 1], together: ['IN_PROGRESS', 'OK', 1] }

export const DUPLICATES: Row<Duplicate> = {
  login: { inTurn: ['OK', 'CODE_USED', 1], together: ['CODE_USED', 'OK', 1] },
  // The first has ended the session with which the second would come.
  logout: { inTurn: ['OK', 'UNAUTHENTICATED', 0], together: ['OK', 'OK', 0] },
  checkSession: ASKED_TWICE,
  refreshAccessToken: WITHOUT_WECHAT,
  'decryptOpenData by session key': WITHOUT_WECHAT,
  'decryptOpenData by cloudID': ASKED_TWICE,
  getPhoneNumber: { inTurn: ['OK', 'CODE_INVALID', 1], together: ['CODE_INVALID', 'OK', 1] },
  // Each has a challenge of its own.
  createSoterChallenge: WITHOUT_WECHAT,
  verifySoter: { inTurn: ['OK', 'BIOMETRIC_FAILED', 1], together: ['BIOMETRIC_FAILED', 'OK', 1] },
  sendSubscribeMessage: ONCE,
  // There is no end of them; the second one comes out of the cache where there is one already.
  'getQrCode unlimited': { inTurn: ['OK', 'OK', 1], together: ['OK', 'OK', 2] },
  'getQrCode limited': ONCE,
  'getQrCode classic': ONCE,
  'checkContent of a text': ASKED_TWICE,
  'checkContent of an image': ASKED_TWICE,
  'checkContent of a URL': ASKED_TWICE,
}

/** A process that stops for good at one of its effects: what two repeats get, at once and beyond any lease. */
type Death = readonly [repeat: Code, later: Code, accepted: number]

/** The same process when it goes on after its successor: how both of them end. */
type Thaw = readonly [successor: Code, itself: Code, accepted: number]

export type Halt = readonly [effect: string, when: 'before' | 'after', death: Death, thaw: Thaw]

const NEVER_BEGUN: Death = ['IN_PROGRESS', 'OUTCOME_UNKNOWN', 0]
const BEGUN: Death = ['IN_PROGRESS', 'OUTCOME_UNKNOWN', 1]
const SPENT: Death = ['CODE_USED', 'CODE_USED', 1]
const BURNT: Death = ['BIOMETRIC_FAILED', 'BIOMETRIC_FAILED', 1]

const effectWith = (counter: string, path: string): readonly Halt[] => [
  ['putIfAbsent effect', 'before', ['OK', 'OK', 1], ['OK', 'STATE_UNAVAILABLE', 1]],
  ['putIfAbsent effect', 'after', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'STATE_UNAVAILABLE', 0]],
  [`get ${counter}`, 'before', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'UPSTREAM_TIMEOUT', 0]],
  [`get ${counter}`, 'after', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'UPSTREAM_TIMEOUT', 0]],
  [`putIfAbsent ${counter}`, 'before', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'UPSTREAM_TIMEOUT', 0]],
  [`putIfAbsent ${counter}`, 'after', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'UPSTREAM_TIMEOUT', 0]],
  // What is already on its way cannot be called back. Nobody else has sent it.
  [`POST ${path}`, 'before', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
  [`POST ${path}`, 'after', BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
  ['compareAndSet effect', 'before', BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
  ['compareAndSet effect', 'after', ['OK', 'OK', 1], ['OK', 'OK', 1]],
]

const READS = exempt('leaves nothing behind that a repeat could find half-done')

/** A process that stops at any of its effects, before it or once it is done. */
export const HALTS: Row<readonly Halt[]> = {
  login: [
    ['putIfAbsent loginCode', 'before', ['OK', 'CODE_USED', 1], ['OK', 'UPSTREAM_TIMEOUT', 1]],
    ['putIfAbsent loginCode', 'after', ['OK', 'CODE_USED', 1], ['OK', 'UPSTREAM_TIMEOUT', 1]],
    ['GET /sns/jscode2session', 'before', ['OK', 'CODE_USED', 1], ['OK', 'CODE_USED', 1]],
    ['GET /sns/jscode2session', 'after', SPENT, ['CODE_USED', 'CODE_OUTCOME_UNKNOWN', 1]],
    ['get account', 'before', SPENT, ['CODE_USED', 'CODE_OUTCOME_UNKNOWN', 1]],
    ['get account', 'after', SPENT, ['CODE_USED', 'CODE_OUTCOME_UNKNOWN', 1]],
    ['putIfAbsent account', 'before', SPENT, ['CODE_USED', 'OK', 1]],
    ['putIfAbsent account', 'after', SPENT, ['CODE_USED', 'OK', 1]],
  ],
  logout: [
    ['get account', 'before', ['OK', 'UNAUTHENTICATED', 0], ['OK', 'UNAUTHENTICATED', 0]],
    ['get account', 'after', ['OK', 'UNAUTHENTICATED', 0], ['OK', 'STATE_UNAVAILABLE', 0]],
    ['compareAndSet account', 'before', ['OK', 'UNAUTHENTICATED', 0], ['OK', 'OK', 0]],
    [
      'compareAndSet account',
      'after',
      ['UNAUTHENTICATED', 'UNAUTHENTICATED', 0],
      ['UNAUTHENTICATED', 'OK', 0],
    ],
  ],
  getPhoneNumber: [
    ['POST /wxa/business/getuserphonenumber', 'before', ['OK', 'CODE_INVALID', 1], ['OK', 'CODE_INVALID', 1]],
    [
      'POST /wxa/business/getuserphonenumber',
      'after',
      ['CODE_INVALID', 'CODE_INVALID', 1],
      ['CODE_INVALID', 'OK', 1],
    ],
  ],
  verifySoter: [
    ['get soterChallenge', 'before', ['OK', 'BIOMETRIC_FAILED', 1], ['OK', 'STATE_UNAVAILABLE', 1]],
    ['get soterChallenge', 'after', ['OK', 'BIOMETRIC_FAILED', 1], ['OK', 'STATE_UNAVAILABLE', 1]],
    ['deleteIf soterChallenge', 'before', ['OK', 'BIOMETRIC_FAILED', 1], ['OK', 'BIOMETRIC_FAILED', 1]],
    [
      'deleteIf soterChallenge',
      'after',
      ['BIOMETRIC_FAILED', 'BIOMETRIC_FAILED', 0],
      ['BIOMETRIC_FAILED', 'UPSTREAM_TIMEOUT', 0],
    ],
    [
      'POST /cgi-bin/soter/verify_signature',
      'before',
      ['BIOMETRIC_FAILED', 'BIOMETRIC_FAILED', 0],
      ['BIOMETRIC_FAILED', 'STATE_UNAVAILABLE', 1],
    ],
    ['POST /cgi-bin/soter/verify_signature', 'after', BURNT, ['BIOMETRIC_FAILED', 'STATE_UNAVAILABLE', 1]],
    ['get soterDevice', 'before', BURNT, ['BIOMETRIC_FAILED', 'OK', 1]],
    ['get soterDevice', 'after', BURNT, ['BIOMETRIC_FAILED', 'OK', 1]],
    ['putIfAbsent soterDevice', 'before', BURNT, ['BIOMETRIC_FAILED', 'OK', 1]],
    ['putIfAbsent soterDevice', 'after', BURNT, ['BIOMETRIC_FAILED', 'OK', 1]],
  ],
  sendSubscribeMessage: effectWith('budget', '/cgi-bin/message/subscribe/send'),
  'getQrCode limited': effectWith('limitedCodes', '/wxa/getwxacode'),
  'getQrCode classic': effectWith('limitedCodes', '/cgi-bin/wxaapp/createwxaqrcode'),
  'getQrCode unlimited': exempt('may be made as often as one likes'),
  refreshAccessToken: exempt('leaves a lease behind, which the tests of the access token are about'),
  createSoterChallenge: exempt('leaves a challenge behind that nobody knows'),
  checkSession: READS,
  'decryptOpenData by session key': READS,
  'decryptOpenData by cloudID': READS,
  'checkContent of a text': READS,
  'checkContent of an image': READS,
  'checkContent of a URL': READS,
}
