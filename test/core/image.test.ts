import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { inspectImage } from '../../shared/core/image.ts'
import { bmpOf, gifOf, jpegOf, pngOf, webpOf } from './imageSamples.ts'

/** A JPEG of its bare structure: pixels do not matter to a reader of headers. */
const jpegSegment = (marker: number, ...payload: number[]) =>
  Buffer.from([0xff, marker, 0, payload.length + 2, ...payload])
const START = Buffer.from([0xff, 0xd8])
const END = Buffer.from([0xff, 0xd9])
const EXIF = jpegSegment(0xe1, 0xff, 0xd8, 0xff, 0xc0, 0xff, 0xd9)
const frame = (marker: number, width: number, height: number) =>
  jpegSegment(marker, 8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0)
const HUFFMAN = jpegSegment(0xc4, 0, 0, 0, 0)
const SCAN = jpegSegment(0xda, 1, 1, 0, 0, 63, 0)
const PIXELS = Buffer.from([0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56, 0xff, 0x00, 0xd9])

const samples = {
  png: pngOf(13, 7),
  jpeg: jpegOf(13, 7),
  gif: gifOf(13, 7),
}

describe('an image is told from its bytes', () => {
  test.each([
    ['a PNG', samples.png, 'png'],
    ['a JPEG', samples.jpeg, 'jpeg'],
    ['a GIF', samples.gif, 'gif'],
    ['a GIF of 1987', Buffer.from(samples.gif.toString('latin1').replace('89a', '87a'), 'latin1'), 'gif'],
  ])('%s shows its format, its size and that it is whole', (_, bytes, format) => {
    expect(inspectImage(bytes)).toEqual({
      format,
      contentType: `image/${format}`,
      width: 13,
      height: 7,
      isComplete: true,
    })
  })

  test.each([
    ['a PNG', pngOf],
    ['a JPEG', jpegOf],
    ['a GIF', gifOf],
  ])('%s wider than 255 px shows both bytes of its size', (_, imageOf) => {
    expect(inspectImage(imageOf(300, 260))).toMatchObject({ width: 300, height: 260, isComplete: true })
  })

  test.each([
    ['nothing', ''],
    ['an error of WeChat', '{"errcode":40001,"errmsg":"invalid credential"}'],
    ['an HTML page', '<!DOCTYPE html><html><body>502</body></html>'],
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'],
    ['a PDF', '%PDF-1.7\n'],
    ['a RIFF file of sound', 'RIFF\x24\0\0\0WAVEfmt '],
    ['a GIF of an unknown version', 'GIF88a\x01\0\x01\0\0\0\0;'],
  ])('%s is no image', (_, text) => {
    expect(inspectImage(Buffer.from(text, 'latin1'))).toBeUndefined()
  })

  test.each([
    ['a BMP', bmpOf(13, 7)],
    ['a WebP', webpOf('VP8 ', 13, 7)],
  ])('%s is none that WeChat makes or checks', (_, bytes) => {
    expect(inspectImage(bytes)).toBeUndefined()
  })

  it('reads a view into a larger buffer from where the view begins', () => {
    const buffer = Buffer.concat([Buffer.from('before'), samples.png, Buffer.from('after')])
    const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 6, samples.png.length)

    expect(inspectImage(view)).toMatchObject({ format: 'png', width: 13, isComplete: true })
  })
})

describe('a cut is noticed', () => {
  test.each(Object.entries(samples))('a %s cut at any byte is never whole', (_, bytes) => {
    const wholeLengths = Array.from(bytes, (_byte, length) => length).filter(
      (length) => inspectImage(bytes.subarray(0, length))?.isComplete,
    )

    expect(wholeLengths).toEqual([])
  })

  test.each(Object.entries(samples))('a %s cut in two with a foreign end mark is not whole', (_, bytes) => {
    const cut = bytes.subarray(0, 20)

    expect(inspectImage(Buffer.concat([cut, bytes.subarray(-2)]))).toMatchObject({ isComplete: false })
  })

  test.each(Object.entries(samples))('a %s with bytes behind its end is whole', (_, bytes) => {
    expect(inspectImage(Buffer.concat([bytes, Buffer.alloc(300, 0xff)]))).toMatchObject({ isComplete: true })
  })
})

describe('a damaged image is not whole', () => {
  const edited = (bytes: Buffer, at: number, ...values: number[]) => {
    const copy = Buffer.from(bytes)
    copy.set(values, at)
    return copy
  }
  const { png, gif } = samples

  test.each([
    ['a PNG of no width', edited(png, 16, 0, 0, 0, 0)],
    ['a PNG of no height', edited(png, 20, 0, 0, 0, 0)],
    ['a PNG whose header has another length', edited(png, 8, 0, 0, 0, 12)],
    ['a PNG whose first chunk is another', edited(png, 12, 0x69)],
    ['a PNG with a chunk longer than the file', edited(png, 33, 0xff, 0xff, 0xff, 0xff)],
    ['a PNG without pixels', Buffer.concat([png.subarray(0, 33), png.subarray(-12)])],
    ['a PNG whose end has a wrong checksum', edited(png, png.length - 1, 0)],
    ['a PNG whose end has content', edited(png, png.length - 9, 1)],
    ['a GIF of no width', edited(gif, 6, 0, 0)],
    ['a GIF of no height', edited(gif, 8, 0, 0)],
    ['a GIF with an unknown block', edited(gif, 19, 0x22)],
    ['a GIF without a picture', Buffer.concat([gif.subarray(0, 19), Buffer.from([0x3b])])],
    ['a JPEG without a frame', Buffer.concat([START, SCAN, PIXELS, END])],
    ['a JPEG without a scan', Buffer.concat([START, frame(0xc0, 4, 4), END])],
    [
      'a JPEG with two frames',
      Buffer.concat([START, frame(0xc0, 4, 4), frame(0xc0, 9, 9), SCAN, PIXELS, END]),
    ],
    ['a JPEG of no height', Buffer.concat([START, frame(0xc0, 4, 0), SCAN, PIXELS, END])],
    ['a JPEG of no width', Buffer.concat([START, frame(0xc0, 0, 4), SCAN, PIXELS, END])],
    ['a JPEG within a JPEG', Buffer.concat([START, START, frame(0xc0, 4, 4), SCAN, PIXELS, END])],
    [
      'a JPEG with a segment of length 0',
      Buffer.concat([START, Buffer.from([0xff, 0xe0, 0, 0]), frame(0xc0, 4, 4), SCAN, PIXELS, END]),
    ],
    ['a JPEG with its scan before its frame', Buffer.concat([START, SCAN, PIXELS, frame(0xc0, 4, 4), END])],
    ['a JPEG with a segment longer than the file', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff])],
    [
      'a JPEG with a frame too short for a size',
      Buffer.concat([START, jpegSegment(0xc0, 8, 0, 4), SCAN, END]),
    ],
  ])('%s', (_, bytes) => {
    expect(inspectImage(bytes)).toMatchObject({ isComplete: false })
  })
})

describe('a JPEG is walked segment by segment', () => {
  test.each([
    ['a frame behind a preview that holds an end mark', [EXIF, frame(0xc0, 40, 30), SCAN, PIXELS]],
    ['Huffman tables before the frame', [HUFFMAN, frame(0xc0, 40, 30), HUFFMAN, SCAN, PIXELS]],
    ['several scans', [frame(0xc2, 40, 30), SCAN, PIXELS, HUFFMAN, SCAN, PIXELS]],
    ['fill bytes before a marker', [frame(0xc1, 40, 30), Buffer.from([0xff, 0xff, 0xff]), SCAN, PIXELS]],
  ])('%s does not mislead it', (_, parts) => {
    expect(inspectImage(Buffer.concat([START, ...parts, END]))).toMatchObject({
      width: 40,
      height: 30,
      isComplete: true,
    })
    expect(inspectImage(Buffer.concat([START, ...parts]))).toMatchObject({ isComplete: false })
  })
})

describe('any bytes are safe to inspect', () => {
  it('answers for arbitrary bytes behind every signature', () => {
    const signatures = Object.values(samples).map((bytes) => bytes.subarray(0, 20))

    fc.assert(
      fc.property(
        fc.constantFrom(Buffer.alloc(0), ...signatures),
        fc.uint8Array({ maxLength: 200 }),
        (head, tail) => {
          const image = inspectImage(Buffer.concat([head, tail]))
          if (image?.isComplete) expect(Math.min(image.width, image.height)).toBeGreaterThan(0)
        },
      ),
    )
  })

  it('answers for every image with some bytes overwritten', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 })

    fc.assert(
      fc.property(fc.constantFrom(...Object.values(samples)), edits, (bytes, changes) => {
        const copy = Buffer.from(bytes)
        for (const [at, value] of changes) copy[at % copy.length] = value
        inspectImage(copy)
      }),
    )
  })

  test.each([
    ['a PNG of empty chunks', samples.png.subarray(0, 33), [0, 0, 0, 0, 0x61, 0x61, 0x61, 0x61, 0, 0, 0, 0]],
    ['a JPEG of fill bytes', START, [0xff]],
    ['a JPEG of empty segments', START, [0xff, 0xe0, 0, 2]],
    ['a GIF of one-byte blocks', samples.gif.subarray(0, 21), [1, 1]],
    ['a GIF of empty extensions', samples.gif.subarray(0, 19), [0x21, 0, 0]],
  ])('%s, 8 MiB long, is walked once and is not whole', (_, head, unit) => {
    const bytes = Buffer.concat([head, Buffer.alloc(8 * 1024 * 1024, Buffer.from(unit))])

    expect(inspectImage(bytes)).toMatchObject({ isComplete: false })
  })
})
