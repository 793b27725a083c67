type ChunkLimits = {
  /** The longest chunk, in UTF-16 units. */
  readonly maxLength: number
  /** The longest phrase, in UTF-16 units, that is sure to lie whole in one chunk. */
  readonly overlap: number
}

/**
 * Cuts a long text into chunks that overlap, so that no phrase escapes a check by straddling a boundary.
 *
 * Lengths are UTF-16 units, the largest of the counts that WeChat may mean by "characters". A surrogate pair
 * is never cut. A base and its combining marks may be: the neighbouring chunk holds them whole.
 *
 * @returns at least one chunk; the text itself when it fits
 * @throws RangeError when `overlap` leaves no room to advance, which is a fault of the program
 */
export function splitText(text: string, { maxLength, overlap }: ChunkLimits): string[] {
  // Two units may be lost to pairs: one at a chunk's end, one at the next one's start.
  if (overlap < 0 || maxLength < overlap + 3)
    throw new RangeError('maxLength must exceed overlap by 3 or more')

  const chunks: string[] = []
  let start = 0
  while (text.length - start > maxLength) {
    const end = outsidePair(text, start + maxLength)
    chunks.push(text.slice(start, end))
    start = outsidePair(text, end - overlap)
  }
  chunks.push(text.slice(start))

  return chunks
}

/** The place itself, or the one before it when it lies within a surrogate pair. */
const outsidePair = (text: string, place: number): number =>
  (text.codePointAt(place - 1) ?? 0) > 0xffff ? place - 1 : place
