import type { OpenDataKind, OpenDataOf } from '../../shared/core/openData.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { getOpenData } from '../../shared/wechat/endpoints/getOpenData.ts'
import type { Found } from './found.ts'
import { input, requireOneWay } from './input.ts'
import { readCloudId } from './readCloudId.ts'
import { readWithSessionKey } from './readWithSessionKey.ts'

export type { DecryptOpenDataInput } from './input.ts'

export type DecryptOpenDataOutput = {
  [K in OpenDataKind]: {
    readonly kind: K
    readonly openData: OpenDataOf[K]
    readonly source: Found['source']
    /** `unverified` data may have been edited on its way. It is fit to be shown, not to be relied on. */
    readonly integrity: Found['integrity']
    /** When WeChat issued the data. Absent for `rawData`, which does not say. */
    readonly issuedAtMs?: number
  }
}[OpenDataKind]

/**
 * Reads a user's open data, whichever way it came: encrypted with the session key, as a cloudID, or as
 * signed raw data.
 *
 * Fails with `DECRYPT_FAILED` whatever is wrong with the data itself, `OPEN_DATA_STALE` when it is not of
 * this moment or, where it is good for one time, was used before, `OPEN_DATA_UNTRUSTED` for a cloudID that WeChat does not vouch for, `SESSION_EXPIRED` when
 * there is no session key, and `RATE_LIMITED` after ten failures in ten minutes.
 */
export default defineFunction({
  name: 'decryptOpenData',
  access: ['user'],
  input,
  uses: { getOpenData },
  timeoutSeconds: 10,

  async handle(context, fields): Promise<DecryptOpenDataOutput> {
    requireOneWay(fields)
    const { data, source, integrity } =
      fields.cloudID !== undefined
        ? await readCloudId(context, fields)
        : await readWithSessionKey(context, fields)

    return { ...data, source, integrity } as DecryptOpenDataOutput
  },
})
