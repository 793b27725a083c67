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
  sendSubscribeMessage: all('OK'),
  'getQrCode unlimited': all('OK'),
  'getQrCode limited': all('OK'),
  'getQrCode classic': all('OK'),
  'checkContent of a text': all('OK'),
  'checkContent of an image': all('OK'),
  'checkContent of a URL': all('OK'),
}

/** How the same invocation ends once more after the jump, and how many effects WeChat has taken in all. */
type Repeat = readonly [code: Code, accepted: number]

const FORGETS_NOTHING = exempt('is the same with every call')

export const REPEATED_AFTER: Row<Readonly<Record<Jump, Repeat>>> = {
  login: all(['CODE_USED', 1]),
  getPhoneNumber: all(['CODE_INVALID', 1]),
  verifySoter: all(['BIOMETRIC_FAILED', 1]),
  // A request key is kept for a day.
  sendSubscribeMessage: { ...all<Repeat>(['OK', 1]), 'a day ahead': ['OK', 2] },
  'getQrCode unlimited': all(['OK', 1]),
  'getQrCode limited': all(['OK', 1]),
  'getQrCode classic': all(['OK', 1]),
  logout: all(['UNAUTHENTICATED', 0]),
  checkSession: FORGETS_NOTHING,
  refreshAccessToken: FORGETS_NOTHING,
  'decryptOpenData by session key': exempt('is refused after any jump, for its watermark'),
  'decryptOpenData by cloudID': exempt('is refused after any jump, for its watermark'),
  createSoterChallenge: FORGETS_NOTHING,
  'checkContent of a text': FORGETS_NOTHING,
  'checkContent of an image': FORGETS_NOTHING,
  'checkContent of a URL': FORGETS_NOTHING,
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
} as const satisfies { readonly [K in OperationName]?: Readonly<Record<Jump, Repeat>> }

function all<T extends Code | Repeat>(cell: T): Record<Jump, T> {
  return {
    'ten minutes ahead': cell,
    'ten minutes back': cell,
    'a day ahead': cell,
    'a day back': cell,
  }
}
