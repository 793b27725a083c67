import { constants, createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { deriveRsaKey } from './deriveRsaKey.ts'

const DEFAULT_SALT_LENGTH = 20

export type SoterRequest = {
  challenge: string
  /** 20 unless told otherwise; 32 is what some vendors use and then declare in the signed JSON. */
  saltLength?: 20 | 32
  /** Changes the JSON after it was signed. */
  tamper?: boolean
}
export type SoterResult = { resultJSON: string; resultJSONSignature: string }

/** The trusted hardware of one phone: a key that never leaves it and a counter that only grows. */
export type SoterDevice = {
  readonly cpuId: string
  readonly uid: string
  readonly publicKey: () => KeyObject
  confirm(request: SoterRequest): SoterResult
}

/**
 * Makes the SOTER hardware that belongs to a seed. The counter starts from the clock, so that it keeps growing over
 * a restart, as the one in real hardware does.
 */
export function createSoterDevice(seed: string, nowMs: () => number): SoterDevice {
  const digest = createHash('sha256').update(`soter ${seed}`).digest()
  const cpuId = digest.toString('hex', 0, 20)
  const uid = String(10_000 + (digest.readUInt16BE(20) % 9000))
  const privateKey = () => deriveRsaKey(`soter ${seed}`)
  let counter = 0

  return {
    cpuId,
    uid,
    publicKey: () => createPublicKey(privateKey()),

    confirm({ challenge, saltLength = DEFAULT_SALT_LENGTH, tamper = false }) {
      counter = Math.max(counter + 1, Math.floor(nowMs() / 1000))
      const result = {
        raw: challenge,
        fid: String(digest.readUInt32BE(24)),
        counter,
        tee_n: 'simulated-tee',
        tee_v: '10010',
        fp_n: 'FPC',
        fp_v: '6516',
        ...(saltLength !== DEFAULT_SALT_LENGTH && { rsa_pss_saltlen: saltLength }),
        cpu_id: cpuId,
        uid,
      }
      const signed = JSON.stringify(result)

      return {
        resultJSON: tamper ? JSON.stringify({ ...result, counter: counter + 1 }) : signed,
        resultJSONSignature: sign('sha256', Buffer.from(signed), {
          key: privateKey(),
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        }).toString('base64'),
      }
    },
  }
}

/**
 * Whether one of these devices signed exactly this JSON: RSA-PSS with SHA-256, and a salt of 20 bytes, or of 32 where
 * the JSON says so.
 */
export function isSoterSignature(
  devices: readonly SoterDevice[],
  resultJson: string,
  signature: Buffer,
): boolean {
  const { cpu_id, rsa_pss_saltlen } = readClaims(resultJson)
  const signer = devices.find(({ cpuId }) => cpuId === cpu_id)
  if (!signer) return false

  const saltLength = rsa_pss_saltlen === 32 ? 32 : DEFAULT_SALT_LENGTH
  const key = { key: signer.publicKey(), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  return verify('sha256', Buffer.from(resultJson), key, signature)
}

function readClaims(resultJson: string): { cpu_id?: unknown; rsa_pss_saltlen?: unknown } {
  try {
    return Object(JSON.parse(resultJson))
  } catch {
    return {}
  }
}
