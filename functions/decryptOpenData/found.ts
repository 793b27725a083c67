import type { ReadOpenData } from '../../shared/core/decryptOpenData.ts'
import type { OpenDataKind } from '../../shared/core/openData.ts'
import { Problem } from '../../shared/core/problem.ts'
import type { Context } from '../../shared/function/define.ts'
import type { getOpenData } from '../../shared/wechat/endpoints/getOpenData.ts'

export type DecryptContext = Context<'user', { getOpenData: typeof getOpenData }>

/** Open data, the way it came, and whether it can have been edited on that way. */
export type Found = {
  readonly data: ReadOpenData
  readonly source: 'encryptedData' | 'cloudID' | 'rawData'
  readonly integrity: 'verified' | 'unverified'
}

/** Whom and what the data must be about. */
export const expectedOwner = ({ caller, config }: DecryptContext, kind: OpenDataKind | undefined) => ({
  appId: config.appId,
  openid: caller.openid,
  unionid: caller.unionid,
  kind,
})

/** Whatever is wrong with the data itself looks the same from outside. */
export const fail = (): never => {
  throw new Problem('DECRYPT_FAILED')
}
