import checkSession from '../../functions/checkSession/index.ts'
import createSoterChallenge from '../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import getPhoneNumber from '../../functions/getPhoneNumber/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import verifySoter from '../../functions/verifySoter/index.ts'
import type { Phone } from '../simulator/phone.ts'
import { onCloudBase, overHttp, type Prepare } from './prepareCall.ts'
import { AUTHENTICATED, NOTHING, type StoreCase } from './storeCase.ts'

/** The user's finger, for a challenge that was issued for it. */
const confirmation: Prepare = async ({ call, phone, attested }) => {
  const reply = await call(createSoterChallenge, { purpose: 'pay' }, attested)
  const { challenge } = (reply as { data: { challenge: string } }).data
  const confirmed = { ...phone.soter({ challenge }), purpose: 'pay' }
  return () => call(verifySoter, confirmed, attested)
}

const LOGIN = { writes: 2 }
const DAY_MS = 86_400_000
const PURPOSE = { purpose: 'pay' }

const encrypted = (phone: Phone) => {
  const { encryptedData, iv } = phone.userInfo()
  return { encryptedData, iv }
}
const damaged = (phone: Phone) => ({ ...encrypted(phone), iv: Buffer.alloc(16).toString('base64') })

/** Who a user is, and what WeChat knows of them. */
export const USER_STORE_CASES = {
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
} satisfies Record<string, StoreCase>
