import { type Code, exempt, type Row } from './cell.ts'
import type { OperationName } from './operations.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** By how much our own clock is off all at once; WeChat's and the user's go on as before. */
export const JUMPS = {
  'ten minutes ahead': 10 * MINUTE_MS,
  'ten minutes back': -10 * MINUTE_MS,
  'a day ahead': DAY_MS,
  'a day back': -DAY_MS,
} as const

type Jump = keyof typeof JUMPS

/** How a call ends for which everything was got ready before the jump. */
export const READY_BEFORE: Row<Readonly<Record<Jump, Code>>> = {
  // The login code is WeChat's to judge.
  login: all('OK'),
  logout: all('OK'),
  checkSession: all('OK'),
  refreshAccessToken: all('OK'),
  // The watermark is too old, or from the future.
  'decryptOpenData by session key': all('OPEN_DATA_STALE'),
  'decryptOpenData by cloudID': all('OPEN_DATA_STALE'),
  getPhoneNumber: all('OK'),
  createSoterChallenge: all('OK'),
  // A challenge ends after two minutes. Before its time it is as good as ever.
  verifySoter: { ...all('OK'), 'ten minutes ahead': 'BIOMETRIC_FAILED', 'a day ahead': 'BIOMETRIC_FAILED' },
  recordSubscription: all('OK'),
  sendSubscribeMessage: all('OK'),
  'receiveMessage of a tap': all('OK'),
  'receiveMessage of a verdict': all('OK'),
  'receiveMessage of an unknown event': all('OK'),
  'receiveMessage with a handler': all('OK'),
  'getQrCode unlimited': all('OK'),
  'getQrCode for params': all('OK'),
  'getQrCode limited': all('OK'),
  'getQrCode classic': all('OK'),
  resolveScene: all('OK'),
  'checkContent of a text': all('OK'),
  'checkContent of an image': all('OK'),
  'checkContent of a URL': all('OK'),
  'getContentResult without a verdict': all('OK'),
  'getContentResult with a verdict': all('OK'),
}

/** How the same invocation ends once more after the jump, and how many effects there are in all. */
type Repeat = readonly [code: Code, accepted: number]

const FORGETS_NOTHING = exempt('is the same with every call')

const FORGOTTEN_IN_A_DAY = { ...all<Repeat>(['OK', 1]), 'a day ahead': ['OK', 2] } as const

export const REPEATED_AFTER: Row<Readonly<Record<Jump, Repeat>>> = {
  login: all(['CODE_USED', 1]),
  getPhoneNumber: all(['CODE_INVALID', 1]),
  verifySoter: all(['BIOMETRIC_FAILED', 1]),
  // A request key is kept for a day.
  sendSubscribeMessage: FORGOTTEN_IN_A_DAY,
  recordSubscription: all(['OK', 1]),
  'receiveMessage of a tap': all(['OK', 1]),
  'receiveMessage of a verdict': all(['OK', 1]),
  'receiveMessage of an unknown event': all(['OK', 1]),
  'receiveMessage with a handler': all(['OK', 1]),
  'getQrCode unlimited': all(['OK', 1]),
  'getQrCode for params': all(['OK', 1]),
  'getQrCode limited': all(['OK', 1]),
  'getQrCode classic': all(['OK', 1]),
  logout: all(['UNAUTHENTICATED', 0]),
  checkSession: FORGETS_NOTHING,
  refreshAccessToken: FORGETS_NOTHING,
  'decryptOpenData by session key': exempt('is refused after any jump, for its watermark'),
  'decryptOpenData by cloudID': exempt('is refused after any jump, for its watermark'),
  createSoterChallenge: FORGETS_NOTHING,
  resolveScene: FORGETS_NOTHING,
  'checkContent of a text': FORGETS_NOTHING,
  // A verdict is kept for a day, and so is the job of an invocation.
  'checkContent of an image': FORGOTTEN_IN_A_DAY,
  'checkContent of a URL': FORGOTTEN_IN_A_DAY,
  // When half an hour has passed, what is told is `review`, and stays so.
  'getContentResult without a verdict': { ...all<Repeat>(['OK', 0]), 'a day ahead': ['OK', 1] },
  'getContentResult with a verdict': all(['OK', 1]),
}

/** How an invocation ends whose first process died over its effect. */
const DIED: Readonly<Record<Jump, Repeat>> = {
  'ten minutes ahead': ['OUTCOME_UNKNOWN', 1],
  'ten minutes back': ['IN_PROGRESS', 1],
  'a day ahead': ['OUTCOME_UNKNOWN', 1],
  'a day back': ['OUTCOME_UNKNOWN', 1],
}

export const DIED_BEFORE = {
  // A request key is kept for a day, the key of a code for good.
  sendSubscribeMessage: { ...DIED, 'a day ahead': ['OK', 2] },
  'getQrCode limited': DIED,
  'getQrCode classic': DIED,
  'receiveMessage with a handler': DIED,
  // A second submission does no harm.
  'checkContent of a URL': { ...all<Repeat>(['OK', 2]), 'ten minutes back': ['IN_PROGRESS', 1] },
} as const satisfies { readonly [K in OperationName]?: Readonly<Record<Jump, Repeat>> }

function all<T extends Code | Repeat>(cell: T): Record<Jump, T> {
  return {
    'ten minutes ahead': cell,
    'ten minutes back': cell,
    'a day ahead': cell,
    'a day back': cell,
  }
}
