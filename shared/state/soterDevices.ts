import { sha256Base64Url } from '../core/digest.ts'
import { Problem } from '../core/problem.ts'
import { type Records, requireReadable } from './records.ts'

/** The last counter that a device of a user has shown. */
type SoterDevice = { readonly counter?: number }

/**
 * Advances the counter of a user's device, which its secure element only ever counts up: what is not
 * greater than before is a replay or a copy of the device.
 *
 * A device that is new to the user is accepted and its counter starts there. A result without a counter is
 * accepted only while none is known.
 *
 * @returns whether the device was new to this user
 * @throws Problem `BIOMETRIC_FAILED`, `STATE_UNAVAILABLE`
 */
export async function advanceCounter(
  records: Records,
  device: { readonly openid: string; readonly cpuId: string; readonly uid: string },
  counter: number | undefined,
): Promise<{ readonly newDevice: boolean }> {
  const id = sha256Base64Url(JSON.stringify([device.openid, device.cpuId, device.uid]))

  let newDevice = false
  await records.update<SoterDevice>('soterDevice', id, (known, slot) => {
    requireReadable(slot)
    const last = known?.counter
    const isForward = last === undefined || (counter !== undefined && counter > last)
    if (!isForward) throw new Problem('BIOMETRIC_FAILED', { detail: 'the counter does not advance' })

    newDevice = known === undefined
    return { value: counter === undefined ? {} : { counter } }
  })
  return { newDevice }
}
