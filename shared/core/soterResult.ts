import { constants, type KeyObject, verify } from 'node:crypto'
import { type Json, parseJsonObject } from './json.ts'
import { invalidArgument, Problem } from './problem.ts'

/** What a SOTER result claims. Nothing of it is true before its signature is verified. */
export type SoterResult = {
  readonly counter?: number
  readonly device: SoterDeviceInfo
}

/** The device as its secure element describes it. */
export type SoterDeviceInfo = {
  readonly cpuId: string
  readonly uid: string
  readonly teeName?: string
  readonly teeVersion?: string
  readonly fingerprintName?: string
  readonly fingerprintVersion?: string
  readonly faceName?: string
  readonly faceVersion?: string
}

const DEVICE_FIELDS = {
  tee_n: 'teeName',
  tee_v: 'teeVersion',
  fp_n: 'fingerprintName',
  fp_v: 'fingerprintVersion',
  fc_n: 'faceName',
  fc_v: 'faceVersion',
} as const

/**
 * Reads the challenge that the `resultJSON` of `wx.startSoterAuthentication` answers, and nothing more: it
 * has to be burnt before anything else of the result is judged.
 *
 * @throws Problem `INVALID_ARGUMENT` when it is not a JSON object, `BIOMETRIC_FAILED` when it answers none
 */
export function parseSoterChallenge(resultJson: string): string {
  const { raw } = parseObject(resultJson)
  if (typeof raw !== 'string') throw failed('raw is missing')

  return raw
}

/**
 * Reads the device and its counter from a `resultJSON`.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/bio-auth.html
 *
 * @throws Problem `INVALID_ARGUMENT` when it is not a JSON object, `BIOMETRIC_FAILED` when it lacks what a result has
 */
export function parseSoterResult(resultJson: string): SoterResult {
  const json = parseObject(resultJson)
  const { cpu_id: cpuId, uid, counter } = json
  if (!isName(cpuId) || !isName(uid)) throw failed('cpu_id or uid is missing')
  if (counter !== undefined && !isCounter(counter)) throw failed('counter is not an integer from 0 to 2^53-1')

  const described = Object.entries(DEVICE_FIELDS).flatMap(([from, to]) => {
    const value = json[from]
    return isName(value) ? [[to, value]] : []
  })
  return {
    ...(counter !== undefined && { counter }),
    device: { cpuId, uid, ...Object.fromEntries(described) },
  }
}

function parseObject(resultJson: string): Json {
  const json = parseJsonObject(resultJson)
  if (!json) throw invalidArgument('resultJSON', 'is not a JSON object')

  return json
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 256

const isCounter = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const failed = (detail: string): Problem => new Problem('BIOMETRIC_FAILED', { detail })

const DEFAULT_SALT_BYTES = 20
const DECLARED_SALT_BYTES = 32
const MIN_MODULUS_BITS = 2048

type SaltBytes = typeof DEFAULT_SALT_BYTES | typeof DECLARED_SALT_BYTES

/**
 * Verifies the signature of a `resultJSON` with the device's own public key, under the salt of 20 bytes, or
 * of 32 where the signed JSON declares it.
 *
 * Of a mini program's users only WeChat has the keys, so production asks WeChat. This is for those who hold
 * a key themselves.
 */
export function isSoterSignature(resultJson: string, signature: Uint8Array, publicKey: KeyObject): boolean {
  const saltBytes = declaredSaltBytes(resultJson)
  return saltBytes !== undefined && isPssSignature(Buffer.from(resultJson), signature, publicKey, saltBytes)
}

/** RSA-PSS (RFC 8017) with SHA-256, MGF1-SHA-256 and exactly this salt, under a key of 2048 bits or more. */
export function isPssSignature(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: KeyObject,
  saltLength: SaltBytes,
): boolean {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (publicKey.asymmetricKeyType !== 'rsa' || bits < MIN_MODULUS_BITS) return false

  return verify(
    'sha256',
    message,
    { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
    signature,
  )
}

/** `undefined` when the JSON declares a salt that is neither of the two. */
function declaredSaltBytes(resultJson: string): SaltBytes | undefined {
  const { rsa_pss_saltlen: declared = DEFAULT_SALT_BYTES } = parseObject(resultJson)
  return [DEFAULT_SALT_BYTES, DECLARED_SALT_BYTES].find((bytes): bytes is SaltBytes => bytes === declared)
}
