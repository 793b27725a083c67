type ImageFormat = 'png' | 'jpeg' | 'gif'

/** What an image's headers say. Width and height in pixels; 0 where the header does not hold them. */
export type InspectedImage = {
  readonly format: ImageFormat
  readonly contentType: `image/${ImageFormat}`
  readonly width: number
  readonly height: number
  /** From the first byte to the format's own end mark, nothing is missing. Pixels are never decoded. */
  readonly isComplete: boolean
}

type Layout = Pick<InspectedImage, 'width' | 'height' | 'isComplete'>

type Kind = {
  readonly format: ImageFormat
  /** Whether the first bytes, read as Latin-1, are those of this format. */
  readonly begins: (start: string) => boolean
  readonly read: (bytes: Buffer) => Layout
}

const KINDS: readonly Kind[] = [
  { format: 'png', begins: (start) => start.startsWith('\x89PNG\r\n\x1a\n'), read: readPng },
  { format: 'jpeg', begins: (start) => start.startsWith('\xff\xd8\xff'), read: readJpeg },
  { format: 'gif', begins: (start) => /^GIF8[79]a/.test(start), read: readGif },
]

const HEADER_BYTES = 32

/** Whether the bytes are one whole image, from its first to its last mark. */
export const isCompleteImage = (bytes: Uint8Array): boolean => inspectImage(bytes)?.isComplete === true

/**
 * Tells from its own bytes what kind of image this is, how large, and whether all of it is there.
 *
 * Bytes behind the end mark are ignored, as every decoder does: cameras append a second picture or a
 * film there. They cannot hide a cut, since the end mark is found by walking the structure, not by
 * looking at the last bytes.
 *
 * Any bytes are safe to give: it never throws, and its time grows no faster than their number.
 *
 * @returns `undefined` when the bytes are none of the formats (SVG, HTML, JSON, nothing at all)
 */
export function inspectImage(bytes: Uint8Array): InspectedImage | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = buffer.toString('latin1', 0, HEADER_BYTES)
  const kind = KINDS.find(({ begins }) => begins(start))
  if (!kind) return undefined

  const { width, height, isComplete } = kind.read(buffer)
  return {
    format: kind.format,
    contentType: `image/${kind.format}`,
    width,
    height,
    isComplete: isComplete && width > 0 && height > 0,
  }
}

/** The first bytes at full length: what was cut off reads as zero. */
function headerOf(bytes: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  bytes.copy(header)
  return header
}

const PNG_FIRST_CHUNK = '\0\0\0\x0dIHDR'
const PNG_END_CHUNK = '\0\0\0\0IEND\xae\x42\x60\x82'

/** PNG, W3C Recommendation, §5: chunks of length, type, data and checksum. */
function readPng(bytes: Buffer): Layout {
  if (bytes.toString('latin1', 8, 16) !== PNG_FIRST_CHUNK) return { width: 0, height: 0, isComplete: false }

  const header = headerOf(bytes)
  return { width: header.readUInt32BE(16), height: header.readUInt32BE(20), isComplete: hasPngEnd(bytes) }
}

function hasPngEnd(bytes: Buffer): boolean {
  let hasPixels = false
  let offset = 8
  while (offset + 12 <= bytes.length) {
    const type = bytes.toString('latin1', offset + 4, offset + 8)
    if (type === 'IEND') return hasPixels && bytes.toString('latin1', offset, offset + 12) === PNG_END_CHUNK

    hasPixels ||= type === 'IDAT'
    offset += 12 + bytes.readUInt32BE(offset)
  }
  return false
}

const JPEG_START = 0xd8
const JPEG_END = 0xd9
const JPEG_SCAN = 0xda
/** DHT, JPG and DAC lie among the frame headers but are none. */
const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

/** JPEG, ITU-T T.81 annex B: marker segments, with entropy-coded data behind each scan header. */
function readJpeg(bytes: Buffer): Layout {
  let frame: Layout = { width: 0, height: 0, isComplete: false }
  let hasScan = false
  let at = jpegMarkerFrom(bytes, 2)

  while (at !== -1) {
    const marker = bytes.readUInt8(at)
    if (marker === JPEG_END) return { ...frame, isComplete: hasScan }
    if (marker === JPEG_START || at + 3 > bytes.length) break

    const segmentBytes = bytes.readUInt16BE(at + 1)
    const end = at + 1 + segmentBytes
    if (segmentBytes < 2 || end > bytes.length) break

    if (isFrameHeader(marker)) {
      if (segmentBytes < 8 || frame.width > 0) break
      frame = { width: bytes.readUInt16BE(at + 6), height: bytes.readUInt16BE(at + 4), isComplete: false }
    }
    hasScan ||= marker === JPEG_SCAN && frame.width > 0
    at = jpegMarkerFrom(bytes, end)
  }
  return frame
}

/** Where the next marker's code is, past entropy-coded data with its stuffed zeros, restarts and fill bytes. */
function jpegMarkerFrom(bytes: Buffer, offset: number): number {
  for (let at = bytes.indexOf(0xff, offset); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1]
    if (code === undefined) return -1

    const isData = code <= 0x01 || code === 0xff || (code >= 0xd0 && code <= 0xd7)
    if (!isData) return at + 1
  }
  return -1
}

/** GIF89a: a logical screen, then extensions and pictures made of sub-blocks, then the trailer. */
function readGif(bytes: Buffer): Layout {
  const header = headerOf(bytes)
  return { width: header.readUInt16LE(6), height: header.readUInt16LE(8), isComplete: hasGifTrailer(bytes) }
}

function hasGifTrailer(bytes: Buffer): boolean {
  let hasPicture = false
  let offset = 13 + colorTableBytes(bytes[10])
  while (offset < bytes.length) {
    switch (bytes[offset]) {
      case 0x21:
        offset = afterSubBlocks(bytes, offset + 2)
        break
      case 0x2c:
        hasPicture = true
        offset = afterSubBlocks(bytes, offset + 11 + colorTableBytes(bytes[offset + 9]))
        break
      default:
        return bytes[offset] === 0x3b && hasPicture
    }
  }
  return false
}

const colorTableBytes = (flags = 0) => (flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0)

function afterSubBlocks(bytes: Buffer, start: number): number {
  let offset = start
  for (let size = bytes[offset]; size; size = bytes[offset]) offset += 1 + size
  return offset + 1
}
