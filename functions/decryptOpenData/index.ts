import * as z from 'zod/mini'
import { parseBase64 } from '../../shared/core/base64.ts'
import {
  decryptOpenData,
  isSelfEvident,
  type ReadOpenData,
  readOwned,
  requireFresh,
} from '../../shared/core/decryptOpenData.ts'
import { isSameSecret } from '../../shared/core/digest.ts'
import { OPEN_DATA_KINDS, type OpenDataKind, type OpenDataOf } from '../../shared/core/openData.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { rawDataSignature } from '../../shared/core/sessionSignature.ts'
import type { UserCaller } from '../../shared/function/caller.ts'
import { readCallerAccount } from '../../shared/function/callerAccount.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'
import { text } from '../../shared/function/fields.ts'
import { liveSessionKeys, noteDecryptFailure, requireDecryptBudget } from '../../shared/state/accounts.ts'
import { getOpenData } from '../../shared/wechat/endpoints/getOpenData.ts'

const MAX_CIPHERTEXT_BYTES = 32 * 1024
const MIN_CIPHERTEXT_BYTES = 32
const BLOCK_BYTES = 16

const input = z.strictObject({
  encryptedData: z.optional(text({ maxLength: Math.ceil(MAX_CIPHERTEXT_BYTES / 3) * 4 })),
  iv: z.optional(text({ maxLength: 64 })),
  rawData: z.optional(text({ maxLength: MAX_CIPHERTEXT_BYTES })),
  signature: z.optional(text({ pattern: /^[0-9a-f]{40}$/ })),
  // CloudBase replaces a cloudID at the top of a callFunction's data by `{ cloudID, data }`.
  cloudID: z.optional(z.unknown()),
  kind: z.optional(z.enum(OPEN_DATA_KINDS)),
})

type Input = z.output<typeof input>

export type DecryptOpenDataInput = {
  readonly kind?: OpenDataKind
  readonly encryptedData?: string
  readonly iv?: string
  readonly rawData?: string
  readonly signature?: string
  /** In a mini program: `wx.cloud.CloudID(id)`; over HTTP: the id itself. */
  readonly cloudID?: string | object
}

export type DecryptOpenDataOutput = {
  [K in OpenDataKind]: {
    readonly kind: K
    readonly openData: OpenDataOf[K]
    readonly source: 'encryptedData' | 'cloudID' | 'rawData'
    /** `unverified` data may have been edited on its way. It is fit to be shown, not to be relied on. */
    readonly integrity: 'verified' | 'unverified'
    /** When WeChat issued the data. Absent for `rawData`, which does not say. */
    readonly issuedAtMs?: number
  }
}[OpenDataKind]

type DecryptContext = Context<'user', { getOpenData: typeof getOpenData }>

/**
 * Reads a user's open data, whichever way it came: encrypted with the session key, as a cloudID, or as
 * signed raw data.
 *
 * Fails with `DECRYPT_FAILED` whatever is wrong with the data itself, `OPEN_DATA_STALE` when it is not of
 * this moment, `OPEN_DATA_UNTRUSTED` for a cloudID that WeChat does not vouch for, `SESSION_EXPIRED` when
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

type Found = {
  readonly data: ReadOpenData
  readonly source: DecryptOpenDataOutput['source']
  readonly integrity: DecryptOpenDataOutput['integrity']
}

/** `encryptedData` with `iv`, a `cloudID`, or `rawData` with `signature`, which may also accompany the first. */
function requireOneWay({ encryptedData, iv, rawData, signature, cloudID, kind }: Input): void {
  if ((encryptedData === undefined) !== (iv === undefined))
    throw missing(iv === undefined ? 'iv' : 'encryptedData')
  if ((rawData === undefined) !== (signature === undefined))
    throw missing(rawData === undefined ? 'rawData' : 'signature')
  if (cloudID !== undefined && (encryptedData !== undefined || rawData !== undefined)) {
    throw invalidArgument('cloudID', 'goes alone')
  }
  if (cloudID === undefined && encryptedData === undefined && rawData === undefined)
    throw missing('encryptedData')
  if (rawData !== undefined && kind !== undefined && kind !== 'userInfo') {
    throw invalidArgument('rawData', 'exists for userInfo only')
  }
}

const missing = (field: string) => invalidArgument(field, 'is missing')

async function readWithSessionKey(context: DecryptContext, fields: Input): Promise<Found> {
  const { caller, records, clock, random, config } = context
  const encrypted =
    fields.encryptedData !== undefined && fields.iv !== undefined
      ? parseCiphertext(fields.encryptedData, fields.iv)
      : undefined

  const account = await readCallerAccount(caller, records)
  const keys = liveSessionKeys(account, clock.nowMs())
  if (account) requireDecryptBudget(account, clock.nowMs())

  try {
    const raw =
      fields.rawData === undefined
        ? undefined
        : readRawData(context, fields.rawData, fields.signature ?? '', keys)
    if (!encrypted) return { data: raw ?? fail(), source: 'rawData', integrity: 'verified' }

    const expected = expectedOwner(context, fields.kind)
    const data = firstThatOpens(keys, (key) =>
      decryptOpenData(encrypted.ciphertext, encrypted.iv, key, expected),
    )
    if (raw && !isContained(raw.openData, data.openData)) fail()
    requireFresh(data.issuedAtMs ?? 0, clock.nowMs(), config.openDataMaxAgeSeconds)
    const isVerified = isSelfEvident(data) || (raw !== undefined && isVouchedFor(data, raw, caller))
    return { data, source: 'encryptedData', integrity: isVerified ? 'verified' : 'unverified' }
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === 'DECRYPT_FAILED')
      await noteDecryptFailure({ records, clock, random }, caller.openid)
    throw thrown
  }
}

const fail = (): never => {
  throw new Problem('DECRYPT_FAILED')
}

function parseCiphertext(encryptedData: string, ivBase64: string): { ciphertext: Buffer; iv: Buffer } {
  const iv = parseBase64(ivBase64, 'iv')
  if (iv.length !== BLOCK_BYTES)
    throw invalidArgument('iv', `has ${iv.length} bytes instead of ${BLOCK_BYTES}`)

  const ciphertext = parseBase64(encryptedData, 'encryptedData')
  const { length } = ciphertext
  if (length % BLOCK_BYTES !== 0)
    throw invalidArgument('encryptedData', 'is not a whole number of 16-byte blocks')
  if (length < MIN_CIPHERTEXT_BYTES)
    throw invalidArgument('encryptedData', `is below its minimum of ${MIN_CIPHERTEXT_BYTES} bytes`)
  if (length > MAX_CIPHERTEXT_BYTES)
    throw invalidArgument('encryptedData', `is over its maximum of ${MAX_CIPHERTEXT_BYTES} bytes`)
  return { ciphertext, iv }
}

const expectedOwner = ({ caller, config }: DecryptContext, kind: OpenDataKind | undefined) => ({
  appId: config.appId,
  openid: caller.openid,
  unionid: caller.unionid,
  kind,
})

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
  return (isSigned && readOwned(parseObject(rawData), expectedOwner(context, 'userInfo'))) || fail()
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/**
 * Signed raw data vouches for encrypted data that says nothing beyond it, except who the caller is. What else
 * the encrypted data says may be a field that an edited iv has renamed.
 */
const isVouchedFor = (data: ReadOpenData, raw: ReadOpenData, { openid, unionid }: UserCaller): boolean =>
  isContained(data.openData, { ...raw.openData, openId: openid, unionId: unionid })

const isContained = (part: object, whole: object): boolean =>
  Object.entries(part).every(([name, value]) => Reflect.get(whole, name) === value)

/** Data that WeChat itself put into this call, or that we exchange the id for. */
async function readCloudId(context: DecryptContext, { cloudID, kind }: Input): Promise<Found> {
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
function readVouched({ caller }: DecryptContext, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument('cloudID', 'must be of type string')
  }
  const { data, errCode } = value as { data?: unknown; errCode?: unknown }
  const isVouchedFor = caller.vouchedFields.has('cloudID') && !errCode
  if (!isVouchedFor || typeof data !== 'object' || data === null) {
    throw new Problem('OPEN_DATA_UNTRUSTED', {
      field: 'cloudID',
      ...(errCode === -601006 && { reason: 'the cloudID has expired' }),
    })
  }
  return data as Readonly<Record<string, unknown>>
}
