import { type Code, exempt, type Row } from './cell.ts'

/** A process that stops for good at one of its effects: what two repeats get, at once and beyond any lease. */
type Death = readonly [repeat: Code, later: Code, accepted: number]

/** The same process when it goes on after its successor: how both of them end. */
type Thaw = readonly [successor: Code, itself: Code, accepted: number]

export type Halt = readonly [effect: string, when: 'before' | 'after', death: Death, thaw: Thaw]

const NEVER_BEGUN: Death = ['IN_PROGRESS', 'OUTCOME_UNKNOWN', 0]
const BEGUN: Death = ['IN_PROGRESS', 'OUTCOME_UNKNOWN', 1]
const SPENT: Death = ['CODE_USED', 'CODE_USED', 1]
const BURNT: Death = ['BIOMETRIC_FAILED', 'BIOMETRIC_FAILED', 1]

/** It is certain that nothing went out. */
const NOT_SENT: Death = ['IN_PROGRESS', 'OK', 1]
/** It is certain that it did. */
const SENT: Death = ['IN_PROGRESS', 'OK', 1]
/** It may have gone out, and goes out once more. */
const SENT_AGAIN: Death = ['IN_PROGRESS', 'OK', 2]
const AGAIN: Death = ['OK', 'OK', 2]
const TWICE: Thaw = ['OK', 'OK', 2]
const OVER: Death = ['OK', 'OK', 1]
/** Each has done its part, or has found it done. */
const BOTH: Thaw = ['OK', 'OK', 1]
/** No time is left to whoever was frozen. */
const TOO_LATE: Thaw = ['OK', 'STATE_UNAVAILABLE', 1]

/** The same before an effect as after it. */
const around = (effect: string, death: Death, thaw: Thaw): readonly Halt[] => [
  [effect, 'before', death, thaw],
  [effect, 'after', death, thaw],
]

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

/** Of a user's grants. */
const INBOXES = [0, 1, 2, 3]

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
  recordSubscription: [
    ...around('get grants', OVER, TOO_LATE),
    ...INBOXES.flatMap(() => around('get grantInbox', OVER, TOO_LATE)),
    ...around('putIfAbsent grants', OVER, BOTH),
  ],
  sendSubscribeMessage: [
    ['putIfAbsent effect', 'before', OVER, TOO_LATE],
    // Until it is in the ledger of grants, it is certain that it was not sent.
    ['putIfAbsent effect', 'after', NOT_SENT, TOO_LATE],
    ...around('get budget', NOT_SENT, TOO_LATE),
    ...around('putIfAbsent budget', NOT_SENT, TOO_LATE),
    ['get grants', 'before', NOT_SENT, ['OK', 'IN_PROGRESS', 1]],
    ['get grants', 'after', NOT_SENT, TOO_LATE],
    ['compareAndSet grants', 'before', NOT_SENT, ['OK', 'RATE_LIMITED', 1]],
    ['compareAndSet grants', 'after', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'UPSTREAM_TIMEOUT', 0]],
    // What is already on its way cannot be called back. Nobody else has sent it.
    ['POST /cgi-bin/message/subscribe/send', 'before', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
    ['POST /cgi-bin/message/subscribe/send', 'after', BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
    ['compareAndSet grants', 'before', BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
    // Now the ledger tells that it was.
    ['compareAndSet grants', 'after', SENT, BOTH],
    ['compareAndSet effect', 'before', SENT, BOTH],
    ['compareAndSet effect', 'after', OVER, BOTH],
  ],
  'receiveMessage of a tap': [
    ...around('get grants', OVER, BOTH),
    ...around('putIfAbsent grants', OVER, BOTH),
  ],
  'receiveMessage of a verdict': [
    ['putIfAbsent mediaVerdict', 'before', OVER, BOTH],
    ['putIfAbsent mediaVerdict', 'after', OVER, BOTH],
  ],
  'receiveMessage of an unknown event': around('putIfAbsent push', OVER, BOTH),
  'receiveMessage with a handler': [
    ['putIfAbsent push', 'before', OVER, TOO_LATE],
    ['putIfAbsent push', 'after', NOT_SENT, TOO_LATE],
    ['putIfAbsent effect', 'before', NOT_SENT, TOO_LATE],
    ['putIfAbsent effect', 'after', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'UPSTREAM_TIMEOUT', 0]],
    ['POST /cgi-bin/message/custom/send', 'before', NEVER_BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
    ['POST /cgi-bin/message/custom/send', 'after', BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
    ['compareAndSet effect', 'before', BEGUN, ['OUTCOME_UNKNOWN', 'OK', 1]],
    ['compareAndSet effect', 'after', SENT, BOTH],
    ['compareAndSet push', 'before', SENT, BOTH],
    ['compareAndSet push', 'after', OVER, BOTH],
  ],
  'getQrCode limited': effectWith('limitedCodes', '/wxa/getwxacode'),
  'getQrCode classic': effectWith('limitedCodes', '/cgi-bin/wxaapp/createwxaqrcode'),
  'getQrCode for params': [
    ['get sceneHandle', 'before', OVER, ['OK', 'UPSTREAM_TIMEOUT', 1]],
    ['get sceneHandle', 'after', OVER, TOO_LATE],
    ...around('get budget', OVER, TOO_LATE),
    ...around('putIfAbsent budget', OVER, TOO_LATE),
    ...around('putIfAbsent scene', OVER, TOO_LATE),
    ...around('putIfAbsent sceneHandle', OVER, ['OK', 'UPSTREAM_TIMEOUT', 1]),
    // A code may be made twice; both are of the same scene.
    ['POST /wxa/getwxacodeunlimit', 'before', OVER, TWICE],
    ['POST /wxa/getwxacodeunlimit', 'after', AGAIN, TWICE],
    ['putIfAbsent qrCode', 'before', AGAIN, TWICE],
    ['putIfAbsent qrCode', 'after', OVER, BOTH],
  ],
  'getQrCode unlimited': exempt('may be made as often as one likes'),
  refreshAccessToken: exempt('leaves a lease behind, which the tests of the access token are about'),
  createSoterChallenge: exempt('leaves a challenge behind that nobody knows'),
  checkSession: READS,
  'decryptOpenData by session key': READS,
  'decryptOpenData by cloudID': READS,
  resolveScene: READS,
  'checkContent of a text': READS,
  'checkContent of an image': [
    ['get contentVerdict', 'before', OVER, BOTH],
    ['get contentVerdict', 'after', OVER, ['OK', 'UPSTREAM_TIMEOUT', 1]],
    ['POST /wxa/img_sec_check', 'before', OVER, TWICE],
    ['POST /wxa/img_sec_check', 'after', AGAIN, TWICE],
    ['putIfAbsent contentVerdict', 'before', AGAIN, TWICE],
    ['putIfAbsent contentVerdict', 'after', OVER, BOTH],
  ],
  'checkContent of a URL': [
    ['putIfAbsent effect', 'before', OVER, TOO_LATE],
    ['putIfAbsent effect', 'after', NOT_SENT, ['OK', 'UPSTREAM_TIMEOUT', 1]],
    // A second submission does no harm: nobody has heard of the first.
    ['POST /wxa/media_check_async', 'before', NOT_SENT, ['OK', 'STATE_UNAVAILABLE', 2]],
    ['POST /wxa/media_check_async', 'after', SENT_AGAIN, ['OK', 'STATE_UNAVAILABLE', 2]],
    ...around('putIfAbsent mediaJob', SENT_AGAIN, TWICE),
    ['compareAndSet effect', 'before', SENT_AGAIN, TWICE],
    ['compareAndSet effect', 'after', OVER, BOTH],
  ],
  'getContentResult without a verdict': READS,
  'getContentResult with a verdict': [
    ['get mediaJob', 'before', OVER, BOTH],
    ['get mediaJob', 'after', OVER, TOO_LATE],
    ...around('get mediaVerdict', OVER, TOO_LATE),
    ...around('compareAndSet mediaJob', OVER, BOTH),
  ],
}
