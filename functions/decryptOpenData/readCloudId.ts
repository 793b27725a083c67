import { readOwned, requireFresh } from '../../shared/core/decryptOpenData.ts'
import { isJsonObject, type Json } from '../../shared/core/json.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { type DecryptContext, expectedOwner, type Found, fail } from './found.ts'
import type { Input } from './input.ts'

/** Data that WeChat itself put into this call, or that we exchange the id for. */
export async function readCloudId(context: DecryptContext, { cloudID, kind }: Input): Promise<Found> {
  const { openDataMaxAgeSeconds } = context.config
  const json =
    typeof cloudID === 'string' ? await exchangeCloudId(context, cloudID) : readVouched(context, cloudID)
  const data = readOwned(json, expectedOwner(context, kind)) ?? fail()
  if (data.issuedAtMs !== undefined)
    requireFresh(data.issuedAtMs, context.clock.nowMs(), openDataMaxAgeSeconds)
  return { data, source: 'cloudID', integrity: 'verified' }
}

const MAX_CLOUD_ID_LENGTH = 512

function exchangeCloudId({ caller, wechat }: DecryptContext, cloudId: string) {
  if (!/^[\x21-\x7e]+$/.test(cloudId)) throw invalidArgument('cloudID', 'is malformed')
  if (cloudId.length > MAX_CLOUD_ID_LENGTH)
    throw invalidArgument('cloudID', `is over its maximum of ${MAX_CLOUD_ID_LENGTH}`)

  return wechat.getOpenData({ cloudId, openid: caller.openid })
}

/** A client can send an object of this shape itself. Only the platform's list tells the difference. */
function readVouched({ caller }: DecryptContext, value: unknown): Json {
  if (!isJsonObject(value)) throw invalidArgument('cloudID', 'must be of type string')

  const { data, errCode } = value
  const isVouchedFor = caller.vouchedFields.has('cloudID') && !errCode
  if (!isVouchedFor || !isJsonObject(data)) {
    throw new Problem('OPEN_DATA_UNTRUSTED', {
      field: 'cloudID',
      ...(errCode === -601006 && { reason: 'the cloudID has expired' }),
    })
  }
  return data
}
