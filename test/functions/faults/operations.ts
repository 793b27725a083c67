import checkContent from '../../../functions/checkContent/index.ts'
import checkSession from '../../../functions/checkSession/index.ts'
import createSoterChallenge from '../../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import getPhoneNumber from '../../../functions/getPhoneNumber/index.ts'
import getQrCode from '../../../functions/getQrCode/index.ts'
import login from '../../../functions/login/index.ts'
import logout from '../../../functions/logout/index.ts'
import refreshAccessToken from '../../../functions/refreshAccessToken/index.ts'
import sendSubscribeMessage from '../../../functions/sendSubscribeMessage/index.ts'
import verifySoter from '../../../functions/verifySoter/index.ts'
import type { Origin } from '../../../shared/function/caller.ts'
import type { AnyFunction } from '../../../shared/function/define.ts'
import type { Call } from '../../../shared/function/invoke.ts'
import type { Reply } from '../../../shared/function/reply.ts'
import { pngOf } from '../../core/imageSamples.ts'
import { dataOf, NOBODY, SERVER, TEMPLATE_ID, TIMER, type World } from '../../support/world.ts'

/** What a function is called to do: one column of every table of faults. */
export type Operation = {
  readonly fn: AnyFunction
  /** Where it reaches WeChat, the access token aside; absent where it does not. */
  readonly path?: string
  /** Brings the world to where the call makes sense. */
  readonly prepare: (world: World) => Promise<Invocation>
}

type Invocation = { readonly input: unknown; readonly origin: Origin }

/** Every function, in each of the ways in which it meets the world. */
export const OPERATIONS = {
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
  refreshAccessToken: {
    fn: refreshAccessToken,
    prepare: async () => ({ input: {}, origin: TIMER }),
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
  sendSubscribeMessage: {
    fn: sendSubscribeMessage,
    path: '/cgi-bin/message/subscribe/send',
    async prepare(world) {
      const phone = world.simulator.phone('alice')
      // More than one, so that it is not for want of a grant that nothing is sent twice.
      for (let grant = 0; grant < 3; grant++) phone.acceptSubscribe(TEMPLATE_ID)
      const data = { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' }
      return { input: { templateId: TEMPLATE_ID, data }, origin: world.wechatUser('alice') }
    },
  },
  'getQrCode unlimited': {
    fn: getQrCode,
    path: '/wxa/getwxacodeunlimit',
    prepare: async (world) => ({ input: { scene: 'a', width: 280 }, origin: world.wechatUser('alice') }),
  },
  'getQrCode limited': {
    fn: getQrCode,
    path: '/wxa/getwxacode',
    prepare: async () => ({
      input: { type: 'limited', path: 'pages/index/index', width: 280 },
      origin: SERVER,
    }),
  },
  'getQrCode classic': {
    fn: getQrCode,
    path: '/cgi-bin/wxaapp/createwxaqrcode',
    prepare: async () => ({
      input: { type: 'classic', path: 'pages/index/index', width: 280 },
      origin: SERVER,
    }),
  },
  'checkContent of a text': {
    fn: checkContent,
    path: '/wxa/msg_sec_check',
    prepare: prepareCheck({ type: 'text', scene: 1, content: 'tea' }),
  },
  'checkContent of an image': {
    fn: checkContent,
    path: '/wxa/img_sec_check',
    prepare: prepareCheck({ type: 'image', scene: 1, imageBase64: pngOf(8, 8).toString('base64') }),
  },
  'checkContent of a URL': {
    fn: checkContent,
    path: '/wxa/media_check_async',
    prepare: prepareCheck({ type: 'image', scene: 1, mediaUrl: 'https://cdn.example.com/a.png' }),
  },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof OPERATIONS

export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[]

function prepareCheck(input: object) {
  return async (world: World): Promise<Invocation> => {
    // WeChat judges only what recent users wrote.
    world.simulator.phone('alice').login()
    return { input, origin: world.wechatUser('alice') }
  }
}

/** An operation, ready to be called once and again. */
export type Prepared = {
  call(more?: Partial<Call>): Promise<Reply>
  /** How often WeChat was asked for it since it was prepared. */
  asked(): number
  /** How many effects WeChat took since then. */
  accepted(): number
}

export async function prepare(world: World, name: OperationName): Promise<Prepared> {
  const { fn, path = 'none', prepare: prepareInput }: Operation = OPERATIONS[name]
  const { input, origin } = await prepareInput(world)
  const { simulator } = world
  const [askedBefore, acceptedBefore] = [simulator.requests(path).length, simulator.accepted(path)]

  return {
    call: (more) => world.call(fn, input, origin, more),
    asked: () => simulator.requests(path).length - askedBefore,
    accepted: () => simulator.accepted(path) - acceptedBefore,
  }
}
