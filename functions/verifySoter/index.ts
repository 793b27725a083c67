import * as z from 'zod/mini'
import { parseBase64 } from '../../shared/core/base64.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { signSoterProof } from '../../shared/core/soterProof.ts'
import { parseSoterChallenge, parseSoterResult, type SoterDeviceInfo } from '../../shared/core/soterResult.ts'
import { defineFunction } from '../../shared/function/define.ts'
import { text } from '../../shared/function/fields.ts'
import { burnChallenge } from '../../shared/state/soterChallenges.ts'
import { advanceCounter } from '../../shared/state/soterDevices.ts'
import { verifySoterSignature } from '../../shared/wechat/endpoints/verifySoterSignature.ts'

const MAX_RESULT_LENGTH = 4096

const input = z.strictObject({
  resultJSON: text({ maxLength: MAX_RESULT_LENGTH }),
  resultJSONSignature: text({ maxLength: 1024 }),
  purpose: text({ pattern: /^[A-Za-z0-9_.:-]+$/, maxLength: 64 }),
})

export type VerifySoterInput = z.input<typeof input>

export type VerifySoterOutput = {
  readonly verified: true
  readonly purpose: string
  /** The action that the challenge was issued for. */
  readonly action?: string
  readonly verifiedAtMs: number
  /** Whether this device is new to the user. A step-up may want another factor then. */
  readonly newDevice: boolean
  readonly device: SoterDeviceInfo
  /** For our other functions, at most five minutes. See `verifySoterProof`. */
  readonly proof: string
}

/**
 * Verifies the result of `wx.startSoterAuthentication`.
 *
 * The challenge must be one that we issued to this user for this purpose; it is burnt before WeChat is
 * asked, so every attempt has one chance. WeChat verifies the signature with the device's key; then the
 * device's counter must have advanced. A confirmation is a step-up of a caller who is known, never a login.
 *
 * Fails with `BIOMETRIC_FAILED` whatever the reason; the log has it.
 */
export default defineFunction({
  name: 'verifySoter',
  access: ['user'],
  input,
  uses: { verifySoterSignature },
  timeoutSeconds: 10,

  async handle(
    { caller, records, wechat, clock, config },
    { resultJSON, resultJSONSignature, purpose },
  ): Promise<VerifySoterOutput> {
    requireSignatureShape(resultJSONSignature)
    const issued = await burnChallenge(records, parseSoterChallenge(resultJSON))
    if (!issued) throw failed('the challenge is unknown, has expired or was used')
    if (issued.openid !== caller.openid) throw failed('the challenge was issued to another user')
    if (issued.purpose !== purpose) throw failed('the challenge was issued for another purpose')
    const { device, counter } = parseSoterResult(resultJSON)

    const { isOk } = await wechat.verifySoterSignature({
      openid: caller.openid,
      resultJson: resultJSON,
      signatureBase64: resultJSONSignature,
    })
    if (!isOk) throw failed('WeChat does not accept the signature')

    const { cpuId, uid } = device
    const { newDevice } = await advanceCounter(records, { openid: caller.openid, cpuId, uid }, counter)
    const { action } = issued
    const verifiedAtMs = clock.nowMs()
    const confirmed = {
      appId: config.appId,
      openid: caller.openid,
      purpose,
      ...(action !== undefined && { action }),
    }
    return {
      verified: true,
      purpose,
      ...(action !== undefined && { action }),
      verifiedAtMs,
      newDevice,
      device,
      proof: signSoterProof({ ...confirmed, nowMs: verifiedAtMs }, config.stateKeys),
    }
  },
})

const failed = (detail: string): Problem => new Problem('BIOMETRIC_FAILED', { detail })

/** RSA of 2048, 3072 or 4096 bits; ECDSA on P-256, which newer devices offer, as 64 bytes or in DER. */
const SIGNATURE_BYTES = new Set([64, 68, 69, 70, 71, 72, 256, 384, 512])

function requireSignatureShape(signatureBase64: string): void {
  const { length } = parseBase64(signatureBase64, 'resultJSONSignature')
  if (!SIGNATURE_BYTES.has(length))
    throw invalidArgument('resultJSONSignature', `${length} bytes are no signature`)
}
