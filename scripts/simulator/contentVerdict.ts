import { decodePixels, type Pixels } from './pixels.ts'

export type Suggest = 'pass' | 'review' | 'risky'
export type Verdict = { readonly suggest: Suggest; readonly label: number; readonly word?: string }

const NORMAL: Verdict = { suggest: 'pass', label: 100 }

/**
 * The words the simulated review knows, the worst first.
 * Labels: 10001 advert, 20002 porn, 20003 abuse, 20006 crime, 20008 fraud.
 */
const WORDS: readonly Required<Verdict>[] = [
  { word: '赌博', suggest: 'risky', label: 20006 },
  { word: 'gambling', suggest: 'risky', label: 20006 },
  { word: '色情', suggest: 'risky', label: 20002 },
  { word: 'porn', suggest: 'risky', label: 20002 },
  { word: '诈骗', suggest: 'risky', label: 20008 },
  { word: 'scam', suggest: 'risky', label: 20008 },
  { word: '笨蛋', suggest: 'review', label: 20003 },
  { word: 'idiot', suggest: 'review', label: 20003 },
  { word: '加微信', suggest: 'review', label: 10001 },
  { word: 'buy now', suggest: 'review', label: 10001 },
]

/** The verdict on a text: that of the worst word in it. */
export function judgeText(text: string): Verdict {
  const lower = text.toLowerCase()
  return WORDS.find(({ word }) => lower.includes(word)) ?? NORMAL
}

/** Put anywhere into a file, it makes the image risky: a way to mark a GIF, which is not decoded here. */
export const RISKY_IMAGE_MARK = 'simulated-risky-image'

const isGif = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'GIF8'

/** Reads an uploaded image: its pixels, `gif` for what is passed on its mark alone, `undefined` for no image at all. */
export function readImage(bytes: Uint8Array): Pixels | 'gif' | undefined {
  if (isGif(bytes)) return 'gif'
  try {
    return decodePixels(bytes)
  } catch {
    return undefined
  }
}

/** Whether the review refuses an image: it carries the mark, or more than half of it is red. */
export function isRiskyImage(bytes: Uint8Array, image: Pixels | 'gif'): boolean {
  return Buffer.from(bytes).includes(RISKY_IMAGE_MARK) || (image !== 'gif' && isMostlyRed(image))
}

function isMostlyRed({ width, height, data }: Pixels): boolean {
  let red = 0
  for (let at = 0; at < data.length; at += 4) {
    const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3)
    if (r > 180 && g < 90 && b < 90) red += 1
  }
  return red * 2 > width * height
}
