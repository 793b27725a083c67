import type { Variable } from '../../../shared/core/config.ts'
import { OPERATION_NAMES, type OperationName } from './operations.ts'

/** A variable: what is wrong with it, and who needs it. Nobody else hears of it. */
type Need = {
  /** A text that it cannot be. No reply and no log line may have it. */
  readonly malformed: string
  /** Whether there has to be one at all. */
  readonly isRequired: boolean
  /** Set where it is missed only when WeChat is about to be asked. What was begun by then is taken back. */
  readonly isMissedLate?: true
  /** Set where it proves what is pushed over HTTP. On CloudBase the platform does. */
  readonly provesPush?: true
  readonly neededBy: readonly OperationName[]
}

const optional = (malformed: string, ...neededBy: readonly OperationName[]): Need => ({
  malformed,
  isRequired: false,
  neededBy,
})

const required = (malformed: string, ...neededBy: readonly OperationName[]): Need => ({
  malformed,
  isRequired: true,
  neededBy,
})

const late = (need: Need): Need => ({ ...need, isMissedLate: true })
const ofPush = (need: Need): Need => ({ ...need, provesPush: true })

const WITH_TOKEN = [
  'checkSession',
  'decryptOpenData by cloudID',
  'getPhoneNumber',
  'verifySoter',
  'sendSubscribeMessage',
  'receiveMessage with a handler',
  'getQrCode unlimited',
  'getQrCode for params',
  'getQrCode limited',
  'getQrCode classic',
  'checkContent of a text',
  'checkContent of an image',
  'checkContent of a URL',
] as const satisfies readonly OperationName[]

const WITH_STATE = [
  'login',
  'logout',
  'checkSession',
  'refreshAccessToken',
  'decryptOpenData by session key',
  'createSoterChallenge',
  'verifySoter',
  'recordSubscription',
  'sendSubscribeMessage',
  'receiveMessage of a tap',
  'receiveMessage of a verdict',
  'receiveMessage of an unknown event',
  'receiveMessage with a handler',
  'getQrCode for params',
  'getQrCode limited',
  'getQrCode classic',
  'resolveScene',
  'checkContent of a URL',
  'getContentResult without a verdict',
  'getContentResult with a verdict',
] as const satisfies readonly OperationName[]

export const CONFIGURATION: Readonly<Record<Variable, Need>> = {
  WECHAT_APP_ID: required('canary app', ...OPERATION_NAMES),
  WECHAT_APP_SECRET: late(required('canary secret', 'login', 'refreshAccessToken', ...WITH_TOKEN)),
  WECHAT_API_BASE_URL: late(optional('canary', 'login', 'refreshAccessToken', ...WITH_TOKEN)),
  WECHAT_TRANSPORT: late(optional('canary', 'login', ...WITH_TOKEN)),
  WECHAT_TOKEN_MODE: late(optional('canary', 'refreshAccessToken', ...WITH_TOKEN)),
  WECHAT_PUSH_TOKEN: ofPush(required('canary token')),
  WECHAT_PUSH_AES_KEY: ofPush(required('canary key')),
  WECHAT_PUSH_MODE: ofPush(optional('canary')),
  WECHAT_SUBSCRIBE_TEMPLATES: optional('canary template', 'sendSubscribeMessage'),
  WECHAT_LONG_TERM_TEMPLATES: optional(
    'canary template',
    'recordSubscription',
    'sendSubscribeMessage',
    'receiveMessage of a tap',
  ),
  STATE_STORE: required('canary', ...WITH_STATE),
  STATE_KEYS: required('canary', ...WITH_STATE),
  // In memory there are no tables.
  STATE_TABLE: optional('canary table'),
  // Only a token that is not one of ours could be it.
  SERVER_KEY: optional('canary'),
  SESSION_TTL_SECONDS: optional('canary', 'login'),
  SESSION_IDLE_SECONDS: optional('canary', 'logout', 'checkSession', 'decryptOpenData by session key'),
  OPEN_DATA_MAX_AGE_SECONDS: optional(
    'canary',
    'decryptOpenData by session key',
    'decryptOpenData by cloudID',
  ),
  OPEN_DATA_ONE_TIME: optional('canary', 'decryptOpenData by session key'),
  SOTER_CHALLENGE_TTL_SECONDS: optional('canary', 'createSoterChallenge'),
  SUBSCRIBE_LEDGER: optional('canary', 'sendSubscribeMessage'),
  USER_SENDS_PER_DAY: optional('canary', 'sendSubscribeMessage'),
  USER_TEMPLATE_SENDS_PER_DAY: optional('canary', 'sendSubscribeMessage'),
  TEMPLATE_SENDS_PER_DAY: optional('canary', 'sendSubscribeMessage'),
  USER_CODES_PER_DAY: optional('canary', 'getQrCode unlimited', 'getQrCode for params'),
  LIMITED_CODE_STOCK: optional('canary', 'getQrCode limited', 'getQrCode classic'),
  MEDIA_HOSTS: optional('canary', 'checkContent of a URL'),
  LOG_LEVEL: optional('canary', ...OPERATION_NAMES),
}
