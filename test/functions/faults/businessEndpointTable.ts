import { type Code, exempt, type Row } from './cell.ts'
import type { Strike } from './network.ts'
import type { OperationName } from './operations.ts'

/** How the call ends, how often WeChat is asked, and how many effects it takes. */
export type Cell = readonly [code: Code, asked: number, accepted: number]

/**
 * What becomes of it depends on what a lost answer means: a `read` is repeated twice while that can help, a
 * one-time `code` and a `send` (a message, a code of the stock) never again once WeChat may have seen them.
 */
type Outcomes = { readonly read: Cell; readonly code: Cell; readonly send: Cell } & {
  readonly [K in OperationName]?: Cell
}

const PAGE = '<html><body>canary of a page</body></html>'

const always = (cell: Cell) => ({ read: cell, code: cell, send: cell })

const BAD_RESPONSE: Outcomes = {
  read: ['UPSTREAM_BAD_RESPONSE', 1, 0],
  code: ['CODE_OUTCOME_UNKNOWN', 1, 0],
  send: ['OUTCOME_UNKNOWN', 1, 0],
}
const BAD_RESPONSE_THOUGH_TAKEN: Outcomes = {
  read: ['UPSTREAM_BAD_RESPONSE', 1, 1],
  code: ['CODE_OUTCOME_UNKNOWN', 1, 1],
  send: ['OUTCOME_UNKNOWN', 1, 1],
}
const UNAVAILABLE: Outcomes = {
  read: ['UPSTREAM_UNAVAILABLE', 3, 0],
  code: ['CODE_OUTCOME_UNKNOWN', 1, 0],
  send: ['OUTCOME_UNKNOWN', 1, 0],
}
const UNAVAILABLE_THOUGH_TAKEN: Outcomes = {
  read: ['UPSTREAM_UNAVAILABLE', 3, 3],
  code: ['CODE_OUTCOME_UNKNOWN', 1, 1],
  send: ['OUTCOME_UNKNOWN', 1, 1],
}
/** WeChat gets five seconds at a time, of the ten that most calls have. */
function tooLate(isTaken: boolean): Outcomes {
  const asked = (times: number, code: Code): Cell => [code, times, isTaken ? times : 0]
  const inMoreTime = asked(3, 'UPSTREAM_TIMEOUT')
  return {
    read: asked(2, 'UPSTREAM_TIMEOUT'),
    'getQrCode unlimited': inMoreTime,
    'getQrCode for params': inMoreTime,
    'checkContent of a text': inMoreTime,
    'checkContent of an image': inMoreTime,
    'checkContent of a URL': inMoreTime,
    code: asked(1, 'CODE_OUTCOME_UNKNOWN'),
    send: asked(1, 'OUTCOME_UNKNOWN'),
  }
}
const FINE = always(['OK', 1, 1])
const LIMITED = always(['RATE_LIMITED', 1, 0])
/** A refused token is certain to have had no effect, so even a message goes out once more, and once only. */
const TOKEN_REFUSED_ONCE: Outcomes = {
  ...always(['OK', 2, 1]),
  // The exchange of a login code has no token that could be renewed.
  login: ['UPSTREAM_REJECTED', 1, 0],
}
const TOKEN_REFUSED: Outcomes = { ...always(['UPSTREAM_REJECTED', 2, 0]), login: ['UPSTREAM_REJECTED', 1, 0] }

/** What goes wrong between us and the endpoint that a function is there for: every time unless it says otherwise. */
const FAULTS: Readonly<Record<string, readonly [Strike, Outcomes]>> = {
  'a connection that is refused': ['refused', always(['UPSTREAM_UNAVAILABLE', 0, 0])],
  'a host that does not resolve': ['unresolvable', always(['UPSTREAM_UNAVAILABLE', 0, 0])],
  'a reset before it is taken': [{ reset: 'before' }, UNAVAILABLE],
  'a reset once it is taken': [{ reset: 'afterTaken' }, UNAVAILABLE_THOUGH_TAKEN],
  'one reset before it is taken': [
    { reset: 'before', times: 1 },
    { ...UNAVAILABLE, read: ['OK', 2, 1] },
  ],
  'one reset once it is taken': [
    { reset: 'afterTaken', times: 1 },
    { ...UNAVAILABLE_THOUGH_TAKEN, read: ['OK', 2, 2] },
  ],

  'no answer, and nothing taken': [{ hang: 'before', outlasts: true }, tooLate(false)],
  'no answer, though it is taken': [{ hang: 'afterTaken', outlasts: true }, tooLate(true)],
  'headers that come too late': [{ latencyMs: 1000, outlasts: true }, tooLate(true)],
  'a body that trickles for too long': [
    { trickle: { bytes: 1, everyMs: 100 }, outlasts: true },
    tooLate(true),
  ],
  'headers that come late': [{ latencyMs: 20 }, FINE],
  'a body that trickles': [{ trickle: { bytes: 400, everyMs: 1 } }, FINE],

  'status 500': [{ status: 500 }, UNAVAILABLE],
  'status 502': [{ status: 502 }, UNAVAILABLE],
  'status 502, though it is taken': [{ status: 502, afterTaken: true }, UNAVAILABLE_THOUGH_TAKEN],
  'one status 503': [
    { status: 503, times: 1 },
    { ...UNAVAILABLE, read: ['OK', 2, 1] },
  ],
  // Of a one-time code a busy WeChat says that it was not touched.
  'errcode -1': [{ errcode: -1 }, { ...UNAVAILABLE, code: ['UPSTREAM_UNAVAILABLE', 1, 0] }],
  'one errcode -1': [
    { errcode: -1, times: 1 },
    { ...UNAVAILABLE, code: ['UPSTREAM_UNAVAILABLE', 1, 0], read: ['OK', 2, 1] },
  ],

  'one errcode 40001': [{ errcode: 40001, times: 1 }, TOKEN_REFUSED_ONCE],
  'one errcode 40014': [{ errcode: 40014, times: 1 }, TOKEN_REFUSED_ONCE],
  'one errcode 42001': [{ errcode: 42001, times: 1 }, TOKEN_REFUSED_ONCE],
  'errcode 40001': [{ errcode: 40001 }, TOKEN_REFUSED],
  'errcode 40014': [{ errcode: 40014 }, TOKEN_REFUSED],
  'errcode 42001': [{ errcode: 42001 }, TOKEN_REFUSED],
  'errcode 45009': [{ errcode: 45009 }, LIMITED],
  'errcode 45011': [{ errcode: 45011 }, LIMITED],
  'status 429': [{ status: 429, headers: { 'retry-after': '7' } }, LIMITED],

  'a page': [{ body: PAGE }, BAD_RESPONSE],
  'a page, though it is taken': [{ body: PAGE, afterTaken: true }, BAD_RESPONSE_THOUGH_TAKEN],
  'an empty answer': [{ body: '' }, BAD_RESPONSE],
  'an empty answer, though it is taken': [{ body: '', afterTaken: true }, BAD_RESPONSE_THOUGH_TAKEN],
  'an answer that breaks off': [{ cutAfterBytes: 8 }, BAD_RESPONSE_THOUGH_TAKEN],
  'a list': [{ body: '[{"errcode":0}]' }, BAD_RESPONSE],
  'a text': [{ body: '"ok"' }, BAD_RESPONSE],
  'a number': [{ body: '0' }, BAD_RESPONSE],
  null: [{ body: 'null' }, BAD_RESPONSE],
  'an errcode that is no number': [{ body: '{"errcode":{},"errmsg":"ok"}' }, BAD_RESPONSE],
  'an object without a field': [
    { body: '{}' },
    {
      ...BAD_RESPONSE,
      login: ['UPSTREAM_BAD_RESPONSE', 1, 0],
      getPhoneNumber: ['UPSTREAM_BAD_RESPONSE', 1, 0],
      // Only an explicit yes is one.
      verifySoter: ['BIOMETRIC_FAILED', 1, 0],
      // Told as `review`, which is no pass.
      'checkContent of an image': ['OK', 1, 0],
    },
  ],
}

const READS = [
  'checkSession',
  'decryptOpenData by cloudID',
  'verifySoter',
  'getQrCode unlimited',
  'getQrCode for params',
  'checkContent of a text',
  'checkContent of an image',
  'checkContent of a URL',
] as const satisfies readonly OperationName[]

const ASKS_NOBODY = exempt('asks WeChat for nothing')

/** What is done without WeChat. */
export const WITHOUT_WECHAT = {
  logout: ASKS_NOBODY,
  'decryptOpenData by session key': ASKS_NOBODY,
  createSoterChallenge: ASKS_NOBODY,
  recordSubscription: ASKS_NOBODY,
  'receiveMessage of a tap': ASKS_NOBODY,
  'receiveMessage of a verdict': ASKS_NOBODY,
  'receiveMessage of an unknown event': ASKS_NOBODY,
  resolveScene: ASKS_NOBODY,
  'getContentResult without a verdict': ASKS_NOBODY,
  'getContentResult with a verdict': ASKS_NOBODY,
} as const satisfies { readonly [K in OperationName]?: unknown }

const WITHOUT_ENDPOINT = {
  ...WITHOUT_WECHAT,
  refreshAccessToken: exempt('asks for nothing but the token, of which the table of its endpoint tells'),
}

function toRow({ read, code, send, ...own }: Outcomes): Row<Cell> {
  return {
    ...(Object.fromEntries(READS.map((name) => [name, read])) as Record<(typeof READS)[number], Cell>),
    login: code,
    getPhoneNumber: code,
    sendSubscribeMessage: send,
    'receiveMessage with a handler': send,
    'getQrCode limited': send,
    'getQrCode classic': send,
    ...own,
    ...WITHOUT_ENDPOINT,
  }
}

export const BUSINESS_ENDPOINT = Object.entries(FAULTS).map(([fault, [strike, outcomes]]) => ({
  fault,
  strike,
  row: toRow(outcomes),
}))

/** What the same invocation gets when it is repeated once all is well, by how it ended the first time. */
export function repeatOf(name: OperationName, [code, , accepted]: Cell): readonly [Code, accepted: number] {
  switch (name) {
    case 'login':
      return accepted > 0 ? ['CODE_USED', accepted] : ['OK', 1]
    case 'getPhoneNumber':
      return accepted > 0 ? ['CODE_INVALID', accepted] : ['OK', 1]
    case 'verifySoter':
      // Every challenge has one chance.
      return ['BIOMETRIC_FAILED', accepted]
    case 'sendSubscribeMessage':
    case 'receiveMessage with a handler':
    case 'getQrCode limited':
    case 'getQrCode classic':
      return code === 'OK' || code === 'OUTCOME_UNKNOWN' ? [code, accepted] : ['OK', 1]
    case 'getQrCode unlimited':
    case 'getQrCode for params':
    case 'checkContent of a URL':
    case 'checkContent of an image':
      // Kept, unless it is a verdict of our own.
      return code === 'OK' && accepted > 0 ? ['OK', accepted] : ['OK', accepted + 1]
    default:
      return ['OK', accepted + 1]
  }
}

const NOTHING_BUT_ERRCODE = exempt('the answer has no field but its errcode')
const IS_IMAGE = exempt('the answer is an image: see codeImagesTable.ts')

/** What an answer must have beside its errcode, mistyped. */
export const MISTYPED: Row<readonly [answer: object, code: Code]> = {
  login: [{ openid: 7, session_key: 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'UPSTREAM_BAD_RESPONSE'],
  'decryptOpenData by cloudID': [{ errcode: 0, data_list: {} }, 'UPSTREAM_BAD_RESPONSE'],
  getPhoneNumber: [{ errcode: 0, phone_info: [] }, 'UPSTREAM_BAD_RESPONSE'],
  verifySoter: [{ errcode: 0, is_ok: 'true' }, 'BIOMETRIC_FAILED'],
  // The id is nothing that a message needs.
  sendSubscribeMessage: [{ errcode: 0, msgid: {} }, 'OK'],
  'checkContent of a text': [{ errcode: 0, result: [] }, 'UPSTREAM_BAD_RESPONSE'],
  'checkContent of a URL': [{ errcode: 0, trace_id: 7 }, 'UPSTREAM_BAD_RESPONSE'],
  checkSession: NOTHING_BUT_ERRCODE,
  'receiveMessage with a handler': NOTHING_BUT_ERRCODE,
  'checkContent of an image': NOTHING_BUT_ERRCODE,
  'getQrCode unlimited': IS_IMAGE,
  'getQrCode for params': IS_IMAGE,
  'getQrCode limited': IS_IMAGE,
  'getQrCode classic': IS_IMAGE,
  ...WITHOUT_ENDPOINT,
}
