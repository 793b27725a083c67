import {
  decryptOpenData,
  isSelfEvident,
  type ReadOpenData,
  readOwned,
  requireFresh,
  staleAtMs,
} from '../../shared/core/decryptOpenData.ts'
import { isSameSecret } from '../../shared/core/digest.ts'
import { parseJsonObject } from '../../shared/core/json.ts'
import { Problem } from '../../shared/core/problem.ts'
import { rawDataSignature } from '../../shared/core/sessionSignature.ts'
import type { UserCaller } from '../../shared/function/caller.ts'
import { readCallerAccount } from '../../shared/function/callerAccount.ts'
import { noteDecryptFailure, requireDecryptBudget } from '../../shared/state/decryptBudget.ts'
import { claimOpenData } from '../../shared/state/openDataClaims.ts'
import { liveSessionKeys } from '../../shared/state/sessionKeys.ts'
import { type DecryptContext, expectedOwner, type Found, fail } from './found.ts'
import { type Input, parseCiphertext } from './input.ts'

/** Reads encrypted or signed data with the key that the user's phone shares with WeChat and us. */
export async function readWithSessionKey(context: DecryptContext, fields: Input): Promise<Found> {
  const { caller, records, clock, config } = context
  const encrypted =
    fields.encryptedData !== undefined && fields.iv !== undefined
      ? parseCiphertext(fields.encryptedData, fields.iv)
      : undefined

  const slot = await readCallerAccount(caller, records)
  const account = slot.value
  const keys = liveSessionKeys(account, clock.nowMs())
  const sessionId = caller.session?.id
  if (account) requireDecryptBudget(account, sessionId, clock.nowMs())

  try {
    const raw =
      fields.rawData === undefined
        ? undefined
        : readRawData(context, fields.rawData, fields.signature ?? '', keys)
    if (!encrypted) return { data: raw ?? fail(), source: 'rawData', integrity: 'verified' }

    const { openDataMaxAgeSeconds, isOpenDataOneTime } = config
    const expected = expectedOwner(context, fields.kind)
    const data = firstThatOpens(keys, (key) =>
      decryptOpenData(encrypted.ciphertext, encrypted.iv, key, expected),
    )
    if (raw && !isContained(raw.openData, data.openData)) fail()
    const issuedAtMs = data.issuedAtMs ?? 0
    requireFresh(issuedAtMs, clock.nowMs(), openDataMaxAgeSeconds)
    if (isOpenDataOneTime) {
      const { ciphertext } = encrypted
      const untilMs = staleAtMs(issuedAtMs, openDataMaxAgeSeconds)
      await claimOpenData(records, { openid: caller.openid, ciphertext }, untilMs)
    }
    const isVerified = isSelfEvident(data) || (raw !== undefined && isVouchedFor(data, raw, caller))
    return { data, source: 'encryptedData', integrity: isVerified ? 'verified' : 'unverified' }
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === 'DECRYPT_FAILED')
      await noteDecryptFailure({ records, clock }, { openid: caller.openid, sessionId }, slot)
    throw thrown
  }
}

/** The phone may have used the key from before a parallel login. */
function firstThatOpens<T>(keys: readonly [string, ...string[]], open: (key: string) => T): T {
  const [key, ...others] = keys
  try {
    return open(key)
  } catch (thrown) {
    const [next, ...rest] = others
    if (!next || !(thrown instanceof Problem)) throw thrown
    return firstThatOpens([next, ...rest], open)
  }
}

/** The signature covers the exact text, so the text is parsed only after it. */
function readRawData(
  context: DecryptContext,
  rawData: string,
  signature: string,
  keys: readonly string[],
): ReadOpenData {
  const isSigned = keys.some((key) => isSameSecret(rawDataSignature(rawData, key), signature))
  return (isSigned && readOwned(parseJsonObject(rawData) ?? {}, expectedOwner(context, 'userInfo'))) || fail()
}

/**
 * Signed raw data vouches for encrypted data that says nothing beyond it, except who the caller is. What else
 * the encrypted data says may be a field that an edited iv has renamed.
 */
const isVouchedFor = (data: ReadOpenData, raw: ReadOpenData, { openid, unionid }: UserCaller): boolean =>
  isContained(data.openData, { ...raw.openData, openId: openid, unionId: unionid })

const isContained = (part: object, whole: object): boolean =>
  Object.entries(part).every(([name, value]) => Reflect.get(whole, name) === value)
