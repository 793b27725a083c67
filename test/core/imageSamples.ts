import jpeg from 'jpeg-js'
import { PNG } from 'pngjs'

/** A PNG of random-looking pixels, so that its data spans a good part of the file. */
export function pngOf(width: number, height: number): Buffer {
  const png = new PNG({ width, height })
  png.data.set(noiseFor(width, height))
  return PNG.sync.write(png)
}

export const jpegOf = (width: number, height: number): Buffer =>
  Buffer.from(jpeg.encode({ width, height, data: noiseFor(width, height) }, 80).data)

/** A GIF with a global colour table, a comment, and one picture that has a colour table of its own. */
export const gifOf = (width: number, height: number): Buffer =>
  Buffer.concat([
    Buffer.from('GIF89a'),
    uint16LE(width, height),
    Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
    Buffer.from([0x21, 0xfe, 3, 0x3b, 0x3b, 0x3b, 0]),
    Buffer.from([0x2c]),
    uint16LE(0, 0, width, height),
    Buffer.from([0x80, 0, 0, 0, 255, 255, 255]),
    Buffer.from([2, 2, 0x44, 0x01, 0]),
    Buffer.from([0x3b]),
  ])

/** A 24-bit BMP. */
export function bmpOf(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(54 + Math.ceil((width * 3) / 4) * 4 * Math.abs(height))
  bytes.write('BM', 'latin1')
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  return bytes
}

export function webpOf(chunk: 'VP8 ' | 'VP8L' | 'VP8X', width: number, height: number): Buffer {
  const payload = { 'VP8 ': lossyPayload, VP8L: losslessPayload, VP8X: extendedPayload }[chunk](width, height)
  const head = Buffer.from('RIFF....WEBP........', 'latin1')
  head.writeUInt32LE(12 + payload.length, 4)
  head.write(chunk, 12, 'latin1')
  head.writeUInt32LE(payload.length, 16)
  return Buffer.concat([head, payload])
}

const lossyPayload = (width: number, height: number): Buffer =>
  Buffer.concat([Buffer.from([0x10, 0, 0, 0x9d, 0x01, 0x2a]), uint16LE(width, height), Buffer.alloc(8)])

function losslessPayload(width: number, height: number): Buffer {
  const payload = Buffer.alloc(6, 0x2f)
  payload.writeUInt32LE((width - 1) | ((height - 1) << 14), 1)
  return payload
}

function extendedPayload(width: number, height: number): Buffer {
  const payload = Buffer.alloc(10)
  payload.writeUIntLE(width - 1, 4, 3)
  payload.writeUIntLE(height - 1, 7, 3)
  return payload
}

function noiseFor(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(width * height * 4)
  let state = 1
  for (let at = 0; at < pixels.length; at++) {
    state = (state * 48271) % 0x7fffffff
    pixels[at] = state
  }
  return pixels
}

function uint16LE(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, index * 2)
  return bytes
}
