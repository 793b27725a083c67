import encodeQR from 'qr'
import { decodeQR } from 'qr/decode.js'
import { decodePixels, encodeJpeg, encodePng, onWhite, type Pixels } from './pixels.ts'

const QUIET_MODULES = 4

export type Rgb = readonly [red: number, green: number, blue: number]
export type CodeStyle = { readonly width: number; readonly color: Rgb; readonly isHyaline: boolean }

/** What a code leads to. WeChat's own round codes are secret; here it is plain JSON in a QR code. */
export type CodeTarget = {
  readonly appid: string
  readonly path: string
  readonly scene?: string
  readonly envVersion: string
}

export type CodeImage = { readonly contentType: string; readonly body: Buffer }

/** Draws a code of exactly the asked width: a JPEG, or a transparent PNG. Throws when the target is too long. */
export function drawCode(target: CodeTarget, style: CodeStyle): CodeImage {
  const modules = encodeQR(JSON.stringify(target), 'raw', { ecc: 'low', border: QUIET_MODULES })
  const pixels = paint(modules, style)

  return style.isHyaline
    ? { contentType: 'image/png', body: encodePng(pixels) }
    : { contentType: 'image/jpeg', body: encodeJpeg(pixels) }
}

/** Reads a code back from an image, as a phone's camera would; `undefined` when there is none to be read. */
export function scanCode(image: Uint8Array): CodeTarget | undefined {
  try {
    const text = decodeQR(onWhite(decodePixels(image)), { effort: 4, timeLimit: 2000 })
    return JSON.parse(text) as CodeTarget
  } catch {
    return undefined
  }
}

/** Four bytes as the machine holds them in one number. */
const toPixel = (rgba: readonly number[]): number => new Uint32Array(new Uint8Array(rgba).buffer)[0] ?? 0

function paint(modules: readonly (readonly boolean[])[], { width, color, isHyaline }: CodeStyle): Pixels {
  const scale = Math.floor(width / modules.length)
  const margin = Math.floor((width - scale * modules.length) / 2)
  const pixels = new Uint32Array(width * width)
  const dark = toPixel([...color, 255])
  const light = toPixel([255, 255, 255, isHyaline ? 0 : 255])

  pixels.fill(light)
  for (const [row, cells] of modules.entries()) {
    const first = (margin + row * scale) * width
    for (const [column, isDark] of cells.entries()) {
      const start = first + margin + column * scale
      if (isDark) pixels.fill(dark, start, start + scale)
    }
    for (let copy = 1; copy < scale; copy += 1) {
      pixels.copyWithin(first + copy * width, first, first + width)
    }
  }
  return { width, height: width, data: new Uint8Array(pixels.buffer) }
}
