import { sha256Base64Url } from '../../shared/core/digest.ts'
import { MAX_RECORD_LENGTH, type Records, requireReadable } from '../../shared/state/records.ts'
import type { CodeImage } from './code.ts'

/** An image as it is kept for good: whole, or by the records that hold its parts. */
export type KeptImage = CodeImage | ImageParts

type ImageParts = { readonly contentType: string; readonly partsId: string; readonly base64Length: number }

/** With room for what stands around a whole image in its record. */
const MAX_PART_LENGTH = MAX_RECORD_LENGTH - 1000

/**
 * Keeps the parts of an image that is too large for one record, under its hash: whoever writes them writes
 * the same. What cannot be kept is returned whole, because the code was made all the same.
 */
export async function keepImage(records: Records, image: CodeImage): Promise<KeptImage> {
  const { contentType, imageBase64 } = image
  if (imageBase64.length <= MAX_PART_LENGTH) return image

  const parts: ImageParts = {
    contentType,
    partsId: sha256Base64Url(imageBase64),
    base64Length: imageBase64.length,
  }
  const writes = partIdsOf(parts).map((id, n) =>
    records.write(
      records.empty<string>('qrCode', id),
      imageBase64.slice(n * MAX_PART_LENGTH, (n + 1) * MAX_PART_LENGTH),
    ),
  )
  return Promise.all(writes).then(
    () => parts,
    () => image,
  )
}

/**
 * The image as it was kept.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the key of a part was retired
 */
export async function readImage(records: Records, kept: KeptImage): Promise<CodeImage> {
  if ('imageBase64' in kept) return kept

  const slots = await Promise.all(partIdsOf(kept).map((id) => records.read<string>('qrCode', id)))
  slots.forEach(requireReadable)
  const imageBase64 = slots.map(({ value }) => value).join('')
  if (imageBase64.length !== kept.base64Length) throw new Error('a part of a kept image is gone')

  return { contentType: kept.contentType, imageBase64 }
}

/** How long the image is, without reading it. */
export const base64LengthOf = (kept: KeptImage): number =>
  'imageBase64' in kept ? kept.imageBase64.length : kept.base64Length

const partIdsOf = ({ partsId, base64Length }: ImageParts): readonly string[] =>
  Array.from({ length: Math.ceil(base64Length / MAX_PART_LENGTH) }, (_, n) => `${partsId}:${n}`)
