import { type Code, exempt, type Row } from './cell.ts'

/** How a call ends, and how many effects WeChat has taken; then the same of its repeat once the store is well. */
export type Cell = readonly [code: Code, accepted: number, repeat: Code, acceptedInAll: number]

/** One operation of a call on the store, and what comes of the call when that goes wrong. */
export type Step = {
  readonly operation: string
  /** From here on the store is out of reach, does not answer or, at a write, refuses to write. */
  readonly down: Cell
  /** It was done, and nobody hears of it. */
  readonly answerLost: Cell
  /** At a write: another call writes the same record at the same moment. */
  readonly overtaken?: Cell
}

export type Walk = {
  /** In the order in which a call does them. */
  readonly steps: readonly Step[]
  /** How the call ends when others are faster at every write; absent where it writes nothing. */
  readonly contended?: readonly [code: Code, accepted: number]
}

const reads = (record: string, down: Cell, answerLost = down): Step => ({
  operation: `get ${record}`,
  down,
  answerLost,
})

const writes = (operation: string, down: Cell, answerLost: Cell, overtaken: Cell): Step => ({
  operation,
  down,
  answerLost,
  overtaken,
})

const REFUSED: Cell = ['STATE_UNAVAILABLE', 0, 'OK', 0]
const REFUSED_BEFORE_WECHAT: Cell = ['STATE_UNAVAILABLE', 0, 'OK', 1]
const DONE: Cell = ['OK', 1, 'OK', 1]

/** Beyond the effect's lease the repeat learns that nobody knows: see `beyondLease`. */
const BEGUN_AND_NOTHING_SENT: Cell = ['STATE_UNAVAILABLE', 0, 'IN_PROGRESS', 0]
const SENT_AND_NOT_SETTLED: Cell = ['OK', 1, 'IN_PROGRESS', 1]

const effectWith = (counter: string): Walk => ({
  steps: [
    writes('putIfAbsent effect', REFUSED_BEFORE_WECHAT, BEGUN_AND_NOTHING_SENT, [
      'IN_PROGRESS',
      0,
      'IN_PROGRESS',
      0,
    ]),
    reads(counter, BEGUN_AND_NOTHING_SENT, REFUSED_BEFORE_WECHAT),
    writes(`putIfAbsent ${counter}`, BEGUN_AND_NOTHING_SENT, REFUSED_BEFORE_WECHAT, DONE),
    writes('compareAndSet effect', SENT_AND_NOT_SETTLED, DONE, SENT_AND_NOT_SETTLED),
  ],
  contended: ['IN_PROGRESS', 0],
})

const NO_STATE = exempt('needs no state but the token, which is fetched anew where there is no store')

/** What every function asks of the store. The token is in memory, so that nothing of it is in the way. */
export const STATE_STORE: Row<Walk> = {
  login: {
    steps: [
      writes('putIfAbsent loginCode', REFUSED_BEFORE_WECHAT, REFUSED_BEFORE_WECHAT, [
        'OK',
        1,
        'CODE_USED',
        1,
      ]),
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
  checkSession: { steps: [reads('account', REFUSED_BEFORE_WECHAT)] },
  'decryptOpenData by session key': { steps: [reads('account', REFUSED)] },
  createSoterChallenge: {
    steps: [writes('putIfAbsent soterChallenge', REFUSED, REFUSED, ['OK', 0, 'OK', 0])],
    contended: ['OK', 0],
  },
  verifySoter: {
    steps: [
      reads('soterChallenge', REFUSED_BEFORE_WECHAT),
      writes(
        'deleteIf soterChallenge',
        REFUSED_BEFORE_WECHAT,
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
  sendSubscribeMessage: effectWith('budget'),
  'getQrCode limited': effectWith('limitedCodes'),
  'getQrCode classic': effectWith('limitedCodes'),
  // Without a store the code is made all the same. What was not stored is made again.
  'getQrCode unlimited': {
    steps: [
      reads('qrCode', ['OK', 1, 'OK', 2]),
      reads('budget', ['OK', 1, 'OK', 2], DONE),
      writes('putIfAbsent budget', ['OK', 1, 'OK', 2], DONE, DONE),
      writes('putIfAbsent qrCode', ['OK', 1, 'OK', 2], DONE, DONE),
    ],
    contended: ['STATE_UNAVAILABLE', 0],
  },
  refreshAccessToken: { steps: [reads('accessToken', REFUSED)] },
  'decryptOpenData by cloudID': NO_STATE,
  getPhoneNumber: NO_STATE,
  'checkContent of a text': NO_STATE,
  'checkContent of an image': NO_STATE,
  'checkContent of a URL': NO_STATE,
}

/** What a repeat gets when it finds a beginning without an end whose lease is over. Nothing is sent again. */
export const beyondLease = (repeat: string): string => (repeat === 'IN_PROGRESS' ? 'OUTCOME_UNKNOWN' : repeat)
