import checkSession from '../../../functions/checkSession/index.ts'
import createSoterChallenge from '../../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import getPhoneNumber from '../../../functions/getPhoneNumber/index.ts'
import login from '../../../functions/login/index.ts'
import logout from '../../../functions/logout/index.ts'
import verifySoter from '../../../functions/verifySoter/index.ts'
import { dataOf, NOBODY } from '../../support/world.ts'
import type { Operation } from './operation.ts'

/** Who a user is, and what WeChat knows of them. */
export const USER_OPERATIONS = {
  login: {
    fn: login,
    path: '/sns/jscode2session',
    prepare: async ({ simulator }) => ({ input: simulator.phone('alice').login(), origin: NOBODY }),
  },
  logout: {
    fn: logout,
    prepare: async (world) => ({ input: {}, origin: await world.logIn('alice') }),
  },
  checkSession: {
    fn: checkSession,
    path: '/wxa/checksession',
    prepare: async (world) => ({ input: {}, origin: await world.logIn('alice') }),
  },
  'decryptOpenData by session key': {
    fn: decryptOpenData,
    async prepare(world) {
      const origin = await world.logIn('alice')
      const { encryptedData, iv } = world.simulator.phone('alice').userInfo()
      return { input: { encryptedData, iv }, origin }
    },
  },
  'decryptOpenData by cloudID': {
    fn: decryptOpenData,
    path: '/wxa/getopendata',
    prepare: async (world) => ({
      input: world.simulator.phone('alice').cloudId('userInfo'),
      origin: world.wechatUser('alice'),
    }),
  },
  getPhoneNumber: {
    fn: getPhoneNumber,
    path: '/wxa/business/getuserphonenumber',
    prepare: async (world) => ({
      input: world.simulator.phone('alice').phoneNumber(),
      origin: world.wechatUser('alice'),
    }),
  },
  createSoterChallenge: {
    fn: createSoterChallenge,
    prepare: async (world) => ({ input: { purpose: 'pay' }, origin: world.wechatUser('alice') }),
  },
  verifySoter: {
    fn: verifySoter,
    path: '/cgi-bin/soter/verify_signature',
    async prepare(world) {
      const origin = world.wechatUser('alice')
      const purpose = 'pay'
      const { challenge } = dataOf(await world.call(createSoterChallenge, { purpose }, origin))
      return { input: { ...world.simulator.phone('alice').soter({ challenge }), purpose }, origin }
    },
  },
} as const satisfies Record<string, Operation>
