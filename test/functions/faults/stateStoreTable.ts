import { exempt, type Row } from './cell.ts'
import { type Cell, reads, type Walk, writes } from './storeWalk.ts'

const REFUSED: Cell = ['STATE_UNAVAILABLE', 0, 'OK', 0]
/** Before there is any effect, in our own records or with WeChat. */
const REFUSED_AT_FIRST: Cell = ['STATE_UNAVAILABLE', 0, 'OK', 1]
const DONE: Cell = ['OK', 1, 'OK', 1]
const DONE_UNHEARD: Cell = ['STATE_UNAVAILABLE', 1, 'OK', 1]
/** What was not kept is done once more. */
const DONE_AND_NOT_KEPT: Cell = ['OK', 1, 'OK', 2]

const effectWith = (counter: string): Walk => {
  const begun: Cell = ['STATE_UNAVAILABLE', 0, 'IN_PROGRESS', 0, 'OUTCOME_UNKNOWN', 0]
  const notSettled: Cell = ['OK', 1, 'IN_PROGRESS', 1, 'OUTCOME_UNKNOWN', 1]
  return {
    steps: [
      writes('putIfAbsent effect', REFUSED_AT_FIRST, begun, [
        'IN_PROGRESS',
        0,
        'IN_PROGRESS',
        0,
        'OUTCOME_UNKNOWN',
        0,
      ]),
      reads(counter, begun, REFUSED_AT_FIRST),
      writes(`putIfAbsent ${counter}`, begun, REFUSED_AT_FIRST, DONE),
      writes('compareAndSet effect', notSettled, DONE, notSettled),
    ],
    contended: ['IN_PROGRESS', 0],
  }
}

/** The ledger of grants shows that it did not go out. */
const NOT_SENT: Cell = ['STATE_UNAVAILABLE', 0, 'IN_PROGRESS', 0, 'OK', 1]
/** The ledger of grants shows that it did. */
const SENT: Cell = ['OK', 1, 'IN_PROGRESS', 1, 'OK', 1]
/** It was begun, and nobody has heard of the end. */
const SENT_UNSEEN: Cell = ['OK', 1, 'IN_PROGRESS', 1, 'OUTCOME_UNKNOWN', 1]

/** A second submission does no harm. */
const SUBMITTED_AND_NOT_KEPT: Cell = ['OK', 1, 'IN_PROGRESS', 1, 'OK', 2]

/** Where news about a user's grants wait, when a slow store has not entered them in time. */
const INBOXES = [0, 1, 2, 3]

const NO_STATE = exempt('needs no state but the token, which is fetched anew where there is no store')

/** What every function asks of the store. The token is in memory, so that nothing of it is in the way. */
export const STATE_STORE: Row<Walk> = {
  login: {
    steps: [
      writes('putIfAbsent loginCode', REFUSED_AT_FIRST, REFUSED_AT_FIRST, ['OK', 1, 'CODE_USED', 1]),
      reads('account', ['CODE_OUTCOME_UNKNOWN', 1, 'CODE_USED', 1]),
      writes(
        'putIfAbsent account',
        ['CODE_OUTCOME_UNKNOWN', 1, 'CODE_USED', 1],
        ['CODE_OUTCOME_UNKNOWN', 1, 'CODE_USED', 1],
        ['OK', 1, 'CODE_USED', 1],
      ),
    ],
    contended: ['CODE_OUTCOME_UNKNOWN', 1],
  },
  logout: {
    steps: [
      reads('account', REFUSED),
      writes(
        'compareAndSet account',
        REFUSED,
        ['STATE_UNAVAILABLE', 0, 'UNAUTHENTICATED', 0],
        ['OK', 0, 'UNAUTHENTICATED', 0],
      ),
    ],
    contended: ['STATE_UNAVAILABLE', 0],
  },
  checkSession: { steps: [reads('account', REFUSED_AT_FIRST)] },
  'decryptOpenData by session key': { steps: [reads('account', REFUSED)] },
  createSoterChallenge: {
    steps: [writes('putIfAbsent soterChallenge', REFUSED, REFUSED, ['OK', 0, 'OK', 0])],
    contended: ['OK', 0],
  },
  verifySoter: {
    steps: [
      reads('soterChallenge', REFUSED_AT_FIRST),
      writes(
        'deleteIf soterChallenge',
        REFUSED_AT_FIRST,
        ['STATE_UNAVAILABLE', 0, 'BIOMETRIC_FAILED', 0],
        ['BIOMETRIC_FAILED', 0, 'BIOMETRIC_FAILED', 0],
      ),
      // The challenge is burnt, and stays so.
      reads('soterDevice', ['STATE_UNAVAILABLE', 1, 'BIOMETRIC_FAILED', 1]),
      writes(
        'putIfAbsent soterDevice',
        ['STATE_UNAVAILABLE', 1, 'BIOMETRIC_FAILED', 1],
        ['STATE_UNAVAILABLE', 1, 'BIOMETRIC_FAILED', 1],
        // The other has shown this very counter.
        ['BIOMETRIC_FAILED', 1, 'BIOMETRIC_FAILED', 1],
      ),
    ],
    contended: ['BIOMETRIC_FAILED', 0],
  },
  sendSubscribeMessage: {
    steps: [
      writes('putIfAbsent effect', REFUSED_AT_FIRST, NOT_SENT, ['IN_PROGRESS', 0, 'IN_PROGRESS', 0, 'OK', 1]),
      reads('budget', NOT_SENT, REFUSED_AT_FIRST),
      writes('putIfAbsent budget', NOT_SENT, REFUSED_AT_FIRST, DONE),
      reads('grants', NOT_SENT, REFUSED_AT_FIRST),
      writes('compareAndSet grants', NOT_SENT, REFUSED_AT_FIRST, DONE),
      writes('compareAndSet grants', SENT_UNSEEN, DONE, DONE),
      writes('compareAndSet effect', SENT, DONE, SENT),
    ],
    contended: ['IN_PROGRESS', 0],
  },
  recordSubscription: {
    steps: [
      reads('grants', REFUSED_AT_FIRST),
      ...INBOXES.map(() => reads('grantInbox', REFUSED_AT_FIRST)),
      writes('putIfAbsent grants', REFUSED_AT_FIRST, DONE_UNHEARD, DONE),
    ],
    contended: ['OK', 1],
  },
  // What cannot be entered at once goes into the inbox, as soon as there is a store that takes it.
  'receiveMessage of a tap': {
    steps: [
      reads('grants', REFUSED_AT_FIRST, DONE),
      writes('putIfAbsent grants', REFUSED_AT_FIRST, DONE, DONE),
    ],
    contended: ['OK', 1],
  },
  'receiveMessage of a verdict': {
    steps: [writes('putIfAbsent mediaVerdict', REFUSED_AT_FIRST, DONE_UNHEARD, DONE)],
    contended: ['OK', 1],
  },
  'receiveMessage of an unknown event': {
    steps: [writes('putIfAbsent push', REFUSED_AT_FIRST, DONE_UNHEARD, DONE)],
    contended: ['OK', 1],
  },
  // The third try is the last: a message of which nobody can know whether it was answered is set aside.
  'receiveMessage with a handler': {
    steps: [
      writes('putIfAbsent push', REFUSED_AT_FIRST, NOT_SENT, ['IN_PROGRESS', 0, 'IN_PROGRESS', 0, 'OK', 1]),
      writes(
        'putIfAbsent effect',
        NOT_SENT,
        ['STATE_UNAVAILABLE', 0, 'IN_PROGRESS', 0, 'OK', 0],
        ['IN_PROGRESS', 0, 'IN_PROGRESS', 0, 'OK', 0],
      ),
      writes('compareAndSet effect', SENT_UNSEEN, DONE, DONE),
      writes('compareAndSet push', SENT, DONE, SENT),
    ],
    contended: ['IN_PROGRESS', 0],
  },
  'getQrCode limited': effectWith('limitedCodes'),
  'getQrCode classic': effectWith('limitedCodes'),
  // Without a store the code is made all the same. What was not stored is made again.
  'getQrCode unlimited': {
    steps: [
      reads('qrCode', DONE_AND_NOT_KEPT),
      reads('budget', DONE_AND_NOT_KEPT, DONE),
      writes('putIfAbsent budget', DONE_AND_NOT_KEPT, DONE, DONE),
      writes('putIfAbsent qrCode', DONE_AND_NOT_KEPT, DONE, DONE),
    ],
    contended: ['STATE_UNAVAILABLE', 0],
  },
  // No code goes out whose scene leads nowhere.
  'getQrCode for params': {
    steps: [
      reads('sceneHandle', REFUSED_AT_FIRST),
      reads('budget', REFUSED_AT_FIRST),
      writes('putIfAbsent budget', REFUSED_AT_FIRST, REFUSED_AT_FIRST, DONE),
      // Nobody draws the same handle; whoever did would keep it.
      writes('putIfAbsent scene', REFUSED_AT_FIRST, REFUSED_AT_FIRST, REFUSED_AT_FIRST),
      writes('putIfAbsent sceneHandle', REFUSED_AT_FIRST, REFUSED_AT_FIRST, DONE),
      writes('putIfAbsent qrCode', DONE_AND_NOT_KEPT, DONE, DONE),
    ],
    contended: ['STATE_UNAVAILABLE', 0],
  },
  resolveScene: { steps: [reads('scene', REFUSED)] },
  refreshAccessToken: { steps: [reads('accessToken', REFUSED)] },
  'decryptOpenData by cloudID': NO_STATE,
  getPhoneNumber: NO_STATE,
  'checkContent of a text': NO_STATE,
  // The verdict is told all the same, and asked for again where it was not kept.
  'checkContent of an image': {
    steps: [
      reads('contentVerdict', DONE_AND_NOT_KEPT, DONE),
      writes('putIfAbsent contentVerdict', DONE_AND_NOT_KEPT, DONE, DONE),
    ],
    contended: ['OK', 1],
  },
  'checkContent of a URL': {
    steps: [
      writes('putIfAbsent effect', REFUSED_AT_FIRST, NOT_SENT, ['IN_PROGRESS', 0, 'IN_PROGRESS', 0, 'OK', 1]),
      writes(
        'putIfAbsent mediaJob',
        ['STATE_UNAVAILABLE', 1, 'IN_PROGRESS', 1, 'OK', 2],
        ['STATE_UNAVAILABLE', 1, 'OK', 2],
        DONE,
      ),
      writes('compareAndSet effect', SUBMITTED_AND_NOT_KEPT, DONE, SUBMITTED_AND_NOT_KEPT),
    ],
    contended: ['IN_PROGRESS', 0],
  },
  'getContentResult without a verdict': {
    steps: [reads('mediaJob', REFUSED), reads('mediaVerdict', REFUSED)],
  },
  // A verdict is told once it is written down that it was.
  'getContentResult with a verdict': {
    steps: [
      reads('mediaJob', REFUSED_AT_FIRST),
      reads('mediaVerdict', REFUSED_AT_FIRST),
      writes('compareAndSet mediaJob', REFUSED_AT_FIRST, DONE_UNHEARD, DONE),
    ],
    contended: ['STATE_UNAVAILABLE', 0],
  },
}
