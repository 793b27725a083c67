import getQrCode from '../../../functions/getQrCode/index.ts'
import resolveScene from '../../../functions/resolveScene/index.ts'
import { dataOf, SERVER, type World } from '../../support/world.ts'
import type { Operation } from './operation.ts'

const UNLIMITED = '/wxa/getwxacodeunlimit'
/** A code that the simulator draws in little time. */
const STYLE = { width: 280, isHyaline: true }

/** Another with every code that was made. */
const tableOf = ({ simulator }: World): number => simulator.accepted(UNLIMITED)

/** Codes, and what they stand for. */
export const CODE_OPERATIONS = {
  'getQrCode unlimited': {
    fn: getQrCode,
    path: UNLIMITED,
    prepare: async (world) => ({
      input: { scene: `table-${tableOf(world)}`, ...STYLE },
      origin: world.wechatUser('alice'),
    }),
  },
  'getQrCode for params': {
    fn: getQrCode,
    path: UNLIMITED,
    prepare: async (world) => ({
      input: { params: { table: tableOf(world) }, ...STYLE },
      origin: world.wechatUser('alice'),
    }),
  },
  'getQrCode limited': {
    fn: getQrCode,
    path: '/wxa/getwxacode',
    prepare: async () => ({
      input: { type: 'limited', path: 'pages/index/index', ...STYLE },
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
  resolveScene: {
    fn: resolveScene,
    async prepare(world) {
      const code = await world.call(getQrCode, { params: { table: 7 }, ...STYLE }, SERVER)
      return { input: { scene: dataOf(code).scene }, origin: world.wechatUser('alice') }
    },
  },
} as const satisfies Record<string, Operation>
