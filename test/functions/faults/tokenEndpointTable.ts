import { WITHOUT_WECHAT } from './businessEndpointTable.ts'
import { type Code, exempt, type Row } from './cell.ts'
import type { Strike } from './network.ts'

/**
 * How every call ends that needs an access token and finds none, and how often WeChat is asked for one. The
 * request that the token was for never goes out.
 */
export type TokenFault = {
  readonly fault: string
  readonly strike: Strike
  readonly code: Code
  readonly asked: number
}

const PAGE = '<html><body>canary of a page</body></html>'
const issued = (answer: object) => ({
  body: JSON.stringify({ access_token: 'canary', expires_in: 7200, ...answer }),
})

const FAULTS: Readonly<Record<string, readonly [Strike, code: Code, asked: number]>> = {
  'a connection that is refused': ['refused', 'UPSTREAM_UNAVAILABLE', 0],
  'a host that does not resolve': ['unresolvable', 'UPSTREAM_UNAVAILABLE', 0],
  'a reset before it is taken': [{ reset: 'before' }, 'UPSTREAM_UNAVAILABLE', 3],
  'a reset once it is taken': [{ reset: 'afterTaken' }, 'UPSTREAM_UNAVAILABLE', 3],
  'one reset': [{ reset: 'before', times: 1 }, 'OK', 2],

  'no answer, and nothing taken': [{ hang: 'before', outlasts: true }, 'UPSTREAM_TIMEOUT', 2],
  'no answer, though it is taken': [{ hang: 'afterTaken', outlasts: true }, 'UPSTREAM_TIMEOUT', 2],
  'headers that come too late': [{ latencyMs: 1000, outlasts: true }, 'UPSTREAM_TIMEOUT', 2],
  'a body that trickles for too long': [
    { trickle: { bytes: 1, everyMs: 100 }, outlasts: true },
    'UPSTREAM_TIMEOUT',
    2,
  ],
  'headers that come late': [{ latencyMs: 20 }, 'OK', 1],
  'a body that trickles': [{ trickle: { bytes: 20, everyMs: 1 } }, 'OK', 1],

  'status 500': [{ status: 500 }, 'UPSTREAM_UNAVAILABLE', 3],
  'status 502': [{ status: 502 }, 'UPSTREAM_UNAVAILABLE', 3],
  'one status 503': [{ status: 503, times: 1 }, 'OK', 2],
  'errcode -1': [{ errcode: -1 }, 'UPSTREAM_UNAVAILABLE', 3],
  'one errcode -1': [{ errcode: -1, times: 1 }, 'OK', 2],

  // There is no token in the request that could be the wrong one: it is the secret.
  'errcode 40001': [{ errcode: 40001 }, 'CONFIG_ERROR', 1],
  'errcode 40013': [{ errcode: 40013 }, 'CONFIG_ERROR', 1],
  'errcode 40125': [{ errcode: 40125 }, 'CONFIG_ERROR', 1],
  'errcode 40164': [{ errcode: 40164 }, 'CONFIG_ERROR', 1],
  'errcode 40014': [{ errcode: 40014 }, 'UPSTREAM_REJECTED', 1],
  'errcode 42001': [{ errcode: 42001 }, 'UPSTREAM_REJECTED', 1],
  'errcode 45009': [{ errcode: 45009 }, 'RATE_LIMITED', 1],
  'errcode 45011': [{ errcode: 45011 }, 'RATE_LIMITED', 1],
  'status 429': [{ status: 429 }, 'RATE_LIMITED', 1],

  'a page': [{ body: PAGE }, 'UPSTREAM_BAD_RESPONSE', 1],
  'an empty answer': [{ body: '' }, 'UPSTREAM_BAD_RESPONSE', 1],
  'an answer that breaks off': [{ cutAfterBytes: 8 }, 'UPSTREAM_BAD_RESPONSE', 1],
  'a list': [{ body: '[]' }, 'UPSTREAM_BAD_RESPONSE', 1],
  'a text': [{ body: '"canary"' }, 'UPSTREAM_BAD_RESPONSE', 1],
  'a number': [{ body: '0' }, 'UPSTREAM_BAD_RESPONSE', 1],
  'an object without a field': [{ body: '{}' }, 'UPSTREAM_BAD_RESPONSE', 1],
  'a token that is no text': [issued({ access_token: 7 }), 'UPSTREAM_BAD_RESPONSE', 1],
  'a token that does not end': [issued({ expires_in: undefined }), 'UPSTREAM_BAD_RESPONSE', 1],
  'a token that has ended': [issued({ expires_in: 0 }), 'UPSTREAM_BAD_RESPONSE', 1],
  'a token that lasts too long': [issued({ expires_in: 86_401 }), 'UPSTREAM_BAD_RESPONSE', 1],
}

export const TOKEN_ENDPOINT: readonly TokenFault[] = Object.entries(FAULTS).map(
  ([fault, [strike, code, asked]]) => ({ fault, strike, code, asked }),
)

/** `renewal`: it is all that the call is about. `handler`: there are four seconds for it, and for all the rest. */
type Need = 'token' | 'renewal' | 'handler'

/** Who needs a token. */
export const NEEDS_TOKEN: Row<Need> = {
  checkSession: 'token',
  'decryptOpenData by cloudID': 'token',
  getPhoneNumber: 'token',
  verifySoter: 'token',
  sendSubscribeMessage: 'token',
  'receiveMessage with a handler': 'handler',
  'getQrCode unlimited': 'token',
  'getQrCode for params': 'token',
  'getQrCode limited': 'token',
  'getQrCode classic': 'token',
  'checkContent of a text': 'token',
  'checkContent of an image': 'token',
  'checkContent of a URL': 'token',
  refreshAccessToken: 'renewal',
  login: exempt('proves itself by the secret'),
  ...WITHOUT_WECHAT,
}

/** How a call ends with a fault, and how often WeChat is asked for a token. */
export const endOf = ({ strike, code, asked }: TokenFault, need: Need): readonly [Code, asked: number] =>
  need === 'handler' && typeof strike === 'object' && strike.outlasts ? [code, 1] : [code, asked]
