import { canonicalJson } from '../core/canonicalJson.ts'
import { sha256Base64Url } from '../core/digest.ts'
import type { Json } from '../core/json.ts'
import type { Random } from '../ports/random.ts'
import { ContendedRecord, type Records, requireReadable } from './records.ts'

type State = { readonly records: Records; readonly random: Random }

/** 128 bits, so that nobody guesses a handle: 22 characters, each of them legal in a scene. */
const HANDLE_BYTES = 16
const HANDLE = /^[\w-]{22}$/

const idOf = (params: Json): string => sha256Base64Url(canonicalJson(params))

/**
 * The handle under which these parameters are kept, in whatever order their keys come.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the key of its record was retired
 */
export async function findSceneHandle(records: Records, params: Json): Promise<string | undefined> {
  const slot = await records.read<string>('sceneHandle', idOf(params))
  requireReadable(slot)
  return slot.value
}

/**
 * Keeps parameters for good under a random handle that fits into a code's scene. Of several calls that do so
 * at once with equal parameters all get the same handle.
 *
 * The parameters are written before the handle is told to anybody, so each handle that somebody was told
 * leads to them. A process that is killed in between leaves parameters behind that no handle leads to.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` as above
 */
export async function keepSceneParams({ records, random }: State, params: Json): Promise<string> {
  const ours = Buffer.from(random.bytes(HANDLE_BYTES)).toString('base64url')
  const written = await records.write(records.empty<Json>('scene', ours), params)
  if (!written) throw new ContendedRecord('scene')

  let handle = ours
  const id = idOf(params)
  const unclaimed = records.empty<string>('sceneHandle', id)
  await records.update<string>(
    'sceneHandle',
    id,
    (found, slot) => {
      requireReadable(slot)
      handle = found ?? ours
      return found === undefined ? { value: ours } : undefined
    },
    unclaimed,
  )
  if (handle !== ours) await records.remove(written).catch(() => undefined)
  return handle
}

/**
 * The parameters that are kept under a scene; `undefined` for every scene that is no handle of ours.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the key of the record was retired
 */
export async function readSceneParams(records: Records, scene: string): Promise<Json | undefined> {
  if (!HANDLE.test(scene)) return undefined

  const slot = await records.read<Json>('scene', scene)
  requireReadable(slot)
  return slot.value
}
