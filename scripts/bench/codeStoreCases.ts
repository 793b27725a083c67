import getQrCode from '../../functions/getQrCode/index.ts'
import resolveScene from '../../functions/resolveScene/index.ts'
import { byServer, onCloudBase, type Prepare, repeated } from './prepareCall.ts'
import { AUTHENTICATED, type StoreCase } from './storeCase.ts'

const CODE = { scene: 'table=7' }
const PARAMS_CODE = { params: { table: 7 } }
const LIMITED_CODE = { type: 'limited', path: 'pages/index/index' }

const code = onCloudBase(getQrCode, () => CODE)
const paramsCode = onCloudBase(getQrCode, () => PARAMS_CODE)
const limitedCode = byServer(getQrCode, () => LIMITED_CODE)

const scan: Prepare = async (deployment) => {
  const make = await paramsCode(deployment)
  const { scene } = ((await make()) as { data: { scene: string } }).data
  return onCloudBase(resolveScene, () => ({ scene }))(deployment)
}

/** Codes, and what they stand for. */
export const CODE_STORE_CASES = {
  'getQrCode: on CloudBase': { prepare: code },
  'getQrCode: on CloudBase, made before': { aims: AUTHENTICATED, prepare: repeated(code) },
  'getQrCode: params, on CloudBase': { prepare: paramsCode },
  'getQrCode: params, on CloudBase, made before': {
    aims: { reads: 2, writes: 0 },
    prepare: repeated(paramsCode),
  },
  'getQrCode: limited, by a server': { prepare: limitedCode },
  'getQrCode: limited, by a server, made before': { prepare: repeated(limitedCode) },
  'resolveScene: on CloudBase': { aims: AUTHENTICATED, prepare: scan },
} satisfies Record<string, StoreCase>
