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

function paint(modules: readonly (readonly boolean[])[], { width, color, isHyaline }: CodeStyle): Pixels {
  const scale = Math.floor(width / modules.length)
  const margin = Math.floor((width - scale * modules.length) / 2)
  const data = new Uint8Array(width * width * 4)
  const dark = [...color, 255]
  const light = [255, 255, 255, isHyaline ? 0 : 255]

  for (let y = 0; y < width; y += 1) {
    const row = modules[Math.floor((y - margin) / scale)]
    for (let x = 0; x < width; x += 1) {
      const isDark = row?.[Math.floor((x - margin) / scale)]
      data.set(isDark ? dark : light, (y * width + x) * 4)
    }
  }
  return { width, height: width, data }
}
