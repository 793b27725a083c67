import { decryptAes128Cbc } from './aesCbc.ts'
import { type Json, parseJsonObject } from './json.ts'
import { fieldNamesOf, type OpenDataKind, type OpenDataOf, readOpenData, recogniseKind } from './openData.ts'
import { Problem } from './problem.ts'

const BLOCK_BYTES = 16

/** Open data of one kind with what is known of its origin. */
export type ReadOpenData = {
  readonly kind: OpenDataKind
  readonly openData: OpenDataOf[OpenDataKind]
  readonly issuedAtMs?: number
}

/** What data must agree with to be this user's. */
export type ExpectedOwner = {
  readonly appId: string
  readonly openid: string
  readonly unionid?: string | undefined
  readonly kind?: OpenDataKind | undefined
}

/**
 * Decrypts WeChat's open data: AES-128-CBC with PKCS#7, key and iv of 16 bytes.
 *
 * The cipher has no integrity of its own, so everything that can be checked is: padding, UTF-8, JSON, the
 * fields, the app and the owner. Whatever fails looks the same from outside and costs the same work, so
 * that nobody learns from trying.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 *
 * @throws Problem `DECRYPT_FAILED`
 */
export function decryptOpenData(
  ciphertext: Uint8Array,
  iv: Uint8Array,
  sessionKey: string,
  expected: ExpectedOwner,
): ReadOpenData {
  const { bytes, isPadded } = decryptAes128Cbc(ciphertext, Buffer.from(sessionKey, 'base64'), iv)
  const text = decodeText(bytes)
  const json = parseJsonObject(text)
  const data = json && readOwned(json, expected)
  const isGenuine = isPadded && data?.issuedAtMs !== undefined && isUntouched(text, data.kind)
  if (!isGenuine) throw new Problem('DECRYPT_FAILED')

  return data
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Some text all the same, and one that is no JSON: what follows runs, and fails, as for any other.
    return Buffer.from(bytes).toString('latin1').replaceAll('{', '(')
  }
}

/**
 * Reads open data that is this app's and this user's.
 *
 * @returns `undefined` when it is not; `issuedAtMs` is absent when the data carries no watermark
 */
export function readOwned(json: Json, expected: ExpectedOwner): ReadOpenData | undefined {
  const kind = expected.kind ?? recogniseKind(json)
  const openData = kind && readOpenData(kind, json)
  if (!kind || !openData || !isOwned(openData, expected)) return undefined
  if (json.watermark === undefined) return { kind, openData }

  const issuedAtMs = readWatermark(json.watermark, expected.appId)
  return issuedAtMs === undefined ? undefined : { kind, openData, issuedAtMs }
}

function isOwned(openData: OpenDataOf[OpenDataKind], { openid, unionid }: ExpectedOwner): boolean {
  const { openId, unionId }: { readonly openId?: string; readonly unionId?: string } = openData as object
  return (
    (openId === undefined || openId === openid) && (unionId === undefined || !unionid || unionId === unionid)
  )
}

function readWatermark(watermark: unknown, expectedAppId: string): number | undefined {
  const { appid, timestamp } = (watermark ?? {}) as Partial<Record<'appid' | 'timestamp', unknown>>
  return appid === expectedAppId && typeof timestamp === 'number' && Number.isSafeInteger(timestamp)
    ? timestamp * 1000
    : undefined
}

/**
 * Whether the text shows no trace of an edited iv.
 *
 * Who changes the iv rewrites the first block at will and nothing else. So no unknown name may begin there,
 * and no field may stand twice: renaming the first field, or hiding it behind a later one, would otherwise
 * pass as WeChat having sent something new.
 */
function isUntouched(text: string, kind: OpenDataKind): boolean {
  const known = fieldNamesOf(kind)
  const names = [...text.matchAll(/(?<!\\)"((?:[^"\\]|\\.)*)"\s*:/g)]
  const isKnown = (name: string) => known.has(name) || name === 'watermark'

  const first = names.filter(({ index }) => index < BLOCK_BYTES)
  const topLevel = names.map(([, name = '']) => name).filter(isKnown)
  return first.every(([, name = '']) => isKnown(name)) && new Set(topLevel).size === topLevel.length
}

const MAX_AHEAD_MS = 60_000

/** The moment from which on data is stale by every clock that would have taken it. */
export const staleAtMs = (issuedAtMs: number, maxAgeSeconds: number): number =>
  issuedAtMs + maxAgeSeconds * 1000 + MAX_AHEAD_MS

/**
 * Refuses data that is too old to be of this moment, or from the future.
 *
 * @throws Problem `OPEN_DATA_STALE`
 */
export function requireFresh(issuedAtMs: number, nowMs: number, maxAgeSeconds: number): void {
  const ageMs = nowMs - issuedAtMs
  if (ageMs > maxAgeSeconds * 1000) throw new Problem('OPEN_DATA_STALE', { reason: 'too old' })
  if (ageMs < -MAX_AHEAD_MS) throw new Problem('OPEN_DATA_STALE', { reason: 'from the future' })
}

/**
 * Whether data that came out of a decryption can be taken for WeChat's.
 *
 * Of phone numbers and steps the first block holds only the field's name, and a user's data names its owner;
 * of the other kinds it holds part of the value, which an edited iv may have changed unseen.
 */
export const isSelfEvident = ({ kind, openData }: ReadOpenData): boolean =>
  kind === 'phoneNumber' || kind === 'weRunData' || (kind === 'userInfo' && 'openId' in openData)
