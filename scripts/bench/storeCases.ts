import checkContent from '../../functions/checkContent/index.ts'
import checkSession from '../../functions/checkSession/index.ts'
import createSoterChallenge from '../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import getPhoneNumber from '../../functions/getPhoneNumber/index.ts'
import getQrCode from '../../functions/getQrCode/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import refreshAccessToken from '../../functions/refreshAccessToken/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import verifySoter from '../../functions/verifySoter/index.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Phone } from '../simulator/phone.ts'
import { DEFAULT_TEMPLATES } from '../simulator/templates.ts'
import { byServer, onCloudBase, overHttp, type Prepare, repeated } from './prepareCall.ts'

/** A call whose store operations are counted. */
export type StoreCase = {
  /** The most that it should take. */
  readonly aims?: { readonly reads?: number; readonly writes?: number }
  /** Variables beside those that every deployment needs. */
  readonly environment?: Environment
  /** Whether the instance has no access token yet when it is called. */
  readonly isCold?: true
  /** The code that it is meant to fail with. */
  readonly failsWith?: string
  readonly prepare: Prepare
}

/** The user's finger, for a challenge that was issued for it. */
const confirmation: Prepare = async ({ call, phone, attested }) => {
  const reply = await call(createSoterChallenge, { purpose: 'pay' }, attested)
  const { challenge } = (reply as { data: { challenge: string } }).data
  const confirmed = { ...phone.soter({ challenge }), purpose: 'pay' }
  return () => call(verifySoter, confirmed, attested)
}

const LOGIN = { writes: 2 }
const AUTHENTICATED = { reads: 1, writes: 0 }
const NOTHING = { reads: 0, writes: 0 }
const DAY_MS = 86_400_000
const NEAR_TOKEN_END_MS = 7_000_000

const TEXT = { type: 'text', scene: 1, content: 'tea' }
const PURPOSE = { purpose: 'pay' }
const CODE = { scene: 'table=7' }
const LIMITED_CODE = { type: 'limited', path: 'pages/index/index' }

const encrypted = (phone: Phone) => {
  const { encryptedData, iv } = phone.userInfo()
  return { encryptedData, iv }
}
const damaged = (phone: Phone) => ({ ...encrypted(phone), iv: Buffer.alloc(16).toString('base64') })

const TEMPLATE_ID = DEFAULT_TEMPLATES[0]?.id ?? ''

const message = (phone: Phone) => {
  phone.acceptSubscribe(TEMPLATE_ID)
  return {
    templateId: TEMPLATE_ID,
    requestKey: 'order-20261120-0001',
    data: {
      character_string1: '20261120-0001',
      date3: '2026-11-20 12:00',
      amount4: '¥128.50',
      thing2: 'Coffee',
    },
  }
}
const messageTo = (phone: Phone) => ({ ...message(phone), touser: phone.openid })

/** Callers over HTTP have a token of ours, those on CloudBase are vouched for by it. */
export const STORE_CASES = {
  'login: first of a user': {
    aims: LOGIN,
    prepare: ({ call, phone, nobody }) => {
      const code = phone.login()
      return () => call(login, code, nobody)
    },
  },
  'login: on another device': {
    aims: LOGIN,
    prepare: async ({ call, logIn, phone, nobody }) => {
      await logIn()
      const code = phone.login()
      return () => call(login, code, nobody)
    },
  },
  'login: again, with the token of before': {
    aims: LOGIN,
    prepare: overHttp(login, (phone) => phone.login()),
  },
  'login: on CloudBase, without a code': { aims: NOTHING, prepare: onCloudBase(login) },
  'checkSession: over HTTP': { aims: AUTHENTICATED, prepare: overHttp(checkSession) },
  'checkSession: on CloudBase': { aims: AUTHENTICATED, prepare: onCloudBase(checkSession) },
  'logout: over HTTP': { prepare: overHttp(logout) },
  'logout: on CloudBase': { prepare: onCloudBase(logout) },
  'decryptOpenData: over HTTP': { aims: AUTHENTICATED, prepare: overHttp(decryptOpenData, encrypted) },
  'decryptOpenData: on CloudBase': { aims: AUTHENTICATED, prepare: onCloudBase(decryptOpenData, encrypted) },
  'decryptOpenData: over HTTP, accepted only once': {
    environment: { OPEN_DATA_ONE_TIME: 'true' },
    aims: { reads: 1, writes: 1 },
    prepare: overHttp(decryptOpenData, encrypted),
  },
  'decryptOpenData: over HTTP, refused': {
    failsWith: 'DECRYPT_FAILED',
    prepare: overHttp(decryptOpenData, damaged),
  },
  'getPhoneNumber: over HTTP': {
    aims: AUTHENTICATED,
    prepare: overHttp(getPhoneNumber, (phone) => phone.phoneNumber()),
  },
  'createSoterChallenge: over HTTP': {
    aims: { reads: 1, writes: 1 },
    prepare: overHttp(createSoterChallenge, () => PURPOSE),
  },
  'createSoterChallenge: over HTTP, a day later': {
    aims: { reads: 1, writes: 2 },
    prepare: async (deployment) => {
      const makeCall = await overHttp(createSoterChallenge, () => PURPOSE)(deployment)
      deployment.advance(DAY_MS)
      return makeCall
    },
  },
  'createSoterChallenge: on CloudBase': {
    aims: { reads: 0, writes: 1 },
    prepare: onCloudBase(createSoterChallenge, () => PURPOSE),
  },
  'verifySoter: on CloudBase, a new device': { prepare: confirmation },
  'verifySoter: on CloudBase, a known device': {
    prepare: async (deployment) => {
      const verifyFirst = await confirmation(deployment)
      await verifyFirst()
      return confirmation(deployment)
    },
  },
  'sendSubscribeMessage: on CloudBase': { prepare: onCloudBase(sendSubscribeMessage, message) },
  'sendSubscribeMessage: on CloudBase, repeated': {
    prepare: repeated(onCloudBase(sendSubscribeMessage, message)),
  },
  'sendSubscribeMessage: by a server': { prepare: byServer(sendSubscribeMessage, messageTo) },
  'getQrCode: on CloudBase': { prepare: onCloudBase(getQrCode, () => CODE) },
  'getQrCode: on CloudBase, made before': {
    aims: AUTHENTICATED,
    prepare: repeated(onCloudBase(getQrCode, () => CODE)),
  },
  'getQrCode: limited, by a server': { prepare: byServer(getQrCode, () => LIMITED_CODE) },
  'getQrCode: limited, by a server, made before': {
    prepare: repeated(byServer(getQrCode, () => LIMITED_CODE)),
  },
  'checkContent: on CloudBase': { aims: NOTHING, prepare: onCloudBase(checkContent, () => TEXT) },
  'checkContent: on CloudBase, the token has died': {
    prepare: (deployment) => {
      deployment.killAccessTokens()
      return onCloudBase(checkContent, () => TEXT)(deployment)
    },
  },
  'checkContent: on CloudBase, a new instance': {
    aims: AUTHENTICATED,
    isCold: true,
    prepare: async (deployment) => {
      await deployment.warmUp()
      deployment.restart()
      return onCloudBase(checkContent, () => TEXT)(deployment)
    },
  },
  'checkContent: on CloudBase, the first instance of all': {
    aims: { reads: 1, writes: 2 },
    isCold: true,
    prepare: onCloudBase(checkContent, () => TEXT),
  },
  'refreshAccessToken: not due': {
    aims: AUTHENTICATED,
    prepare:
      ({ call, timer }) =>
      () =>
        call(refreshAccessToken, {}, timer),
  },
  'refreshAccessToken: due': {
    prepare: ({ call, timer, advance }) => {
      advance(NEAR_TOKEN_END_MS)
      return () => call(refreshAccessToken, {}, timer)
    },
  },
} satisfies Record<string, StoreCase>

export type StoreCaseName = keyof typeof STORE_CASES
