import jpeg from 'jpeg-js'
import { PNG } from 'pngjs'

/** An image as RGBA bytes, four a pixel. */
export type Pixels = { readonly width: number; readonly height: number; readonly data: Uint8Array }

const isPng = (bytes: Uint8Array) => bytes[0] === 0x89 && bytes[1] === 0x50
const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8

/** Decodes a PNG or a JPEG; throws on anything else and on damaged data. */
export function decodePixels(bytes: Uint8Array): Pixels {
  if (isPng(bytes)) return PNG.sync.read(Buffer.from(bytes))
  if (isJpeg(bytes)) return jpeg.decode(bytes, { useTArray: true })
  throw new Error('not a PNG or JPEG image')
}

export function encodePng({ width, height, data }: Pixels): Buffer {
  const png = new PNG({ width, height })
  png.data.set(data)
  return PNG.sync.write(png)
}

export const encodeJpeg = (pixels: Pixels): Buffer => jpeg.encode(pixels, 90).data

/** What an eye sees of a transparent image on white paper. */
export function onWhite({ width, height, data }: Pixels): Pixels {
  const seen = new Uint8Array(data.length).fill(255)
  for (let at = 0; at < data.length; at += 4) {
    const opacity = (data[at + 3] ?? 255) / 255
    for (let channel = at; channel < at + 3; channel += 1) {
      seen[channel] = Math.round((data[channel] ?? 255) * opacity + 255 * (1 - opacity))
    }
  }
  return { width, height, data: seen }
}
