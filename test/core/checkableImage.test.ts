import { describe, expect, test } from 'vitest'
import { requireCheckableImage } from '../../shared/core/checkableImage.ts'
import { bmpOf, gifOf, jpegOf, pngOf, webpOf } from './imageSamples.ts'

const MEBIBYTE = 1024 * 1024
const paddedTo = (bytes: Buffer, length: number) =>
  Buffer.concat([bytes, Buffer.alloc(length - bytes.length)])

describe('an image that img_sec_check takes is let through', () => {
  test.each([
    ['a PNG', pngOf(8, 8), 'png'],
    ['a JPEG', jpegOf(8, 8), 'jpeg'],
    ['a GIF', gifOf(8, 8), 'gif'],
    ['an image of exactly 750 × 1334 px', gifOf(750, 1334), 'gif'],
    ['an image of exactly 1 MiB', paddedTo(gifOf(8, 8), MEBIBYTE), 'gif'],
  ])('%s', (_, bytes, format) => {
    expect(requireCheckableImage(bytes)).toMatchObject({ format, isComplete: true })
  })
})

describe('any other image is refused for what is wrong with it', () => {
  test.each([
    ['nothing at all', Buffer.alloc(0), 'MEDIA_UNSUPPORTED'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'MEDIA_UNSUPPORTED'],
    ['an HTML page', Buffer.from('<!DOCTYPE html><script>alert(1)</script>'), 'MEDIA_UNSUPPORTED'],
    ['a BMP', bmpOf(8, 8), 'MEDIA_UNSUPPORTED'],
    ['a WebP', webpOf('VP8 ', 8, 8), 'MEDIA_UNSUPPORTED'],
    ['a PNG without its last byte', pngOf(8, 8).subarray(0, -1), 'MEDIA_CORRUPT'],
    ['a JPEG without its end mark', jpegOf(8, 8).subarray(0, -2), 'MEDIA_CORRUPT'],
    ['a GIF without its trailer', gifOf(8, 8).subarray(0, -1), 'MEDIA_CORRUPT'],
    ['a GIF of no width', gifOf(0, 8), 'MEDIA_CORRUPT'],
    ['an image one byte over 1 MiB', paddedTo(gifOf(8, 8), MEBIBYTE + 1), 'MEDIA_TOO_LARGE'],
    ['a download cut one byte over 1 MiB', pngOf(600, 600).subarray(0, MEBIBYTE + 1), 'MEDIA_TOO_LARGE'],
    ['an image 751 px wide', gifOf(751, 8), 'MEDIA_DIMENSIONS'],
    ['an image 1335 px high', gifOf(8, 1335), 'MEDIA_DIMENSIONS'],
    ['an image that fits only when turned', gifOf(1334, 750), 'MEDIA_DIMENSIONS'],
  ])('%s', (_, bytes, code) => {
    expect(() => requireCheckableImage(bytes)).toThrow(
      expect.objectContaining({ code, options: { reason: expect.any(String) } }),
    )
  })
})
