import { type Answer, type Api, readText } from '../api.ts'
import { ApiError } from '../apiError.ts'
import { type CodeImage, type CodeStyle, type CodeTarget, drawCode, type Rgb } from '../codeImage.ts'
import type { Wechat } from '../wechat.ts'

type Fields = Readonly<Record<string, unknown>>

const AUTO_COLOR: Rgb = [7, 120, 70]
const ENV_VERSIONS = ['release', 'trial', 'develop']
const SCENE = /^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+$/
const RESERVED = 'scancode_time'

/** POST /wxa/getwxacode: a code for a path with query, one of 100,000. */
export const getQRCode: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',
  handle: (wechat, { json, took }) => makeLimitedCode(wechat, json, 1024, took),
}

/** POST /cgi-bin/wxaapp/createwxaqrcode: the older square code, out of the same 100,000. */
export const createQRCode: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',
  handle: (wechat, { json, took }) => makeLimitedCode(wechat, json, 128, took),
}

/** POST /wxa/getwxacodeunlimit: a code for a page with a scene of at most 32 characters, as many as one likes. */
export const getUnlimitedQRCode: Api = {
  method: 'POST',
  body: 'json',
  credential: 'accessToken',
  perMinute: { calls: 5000, errcode: 45009 },

  handle(wechat, { json, took }) {
    const scene = readScene(json.scene)
    const page = readPage(wechat, json)
    const image = draw({ appid: wechat.appId, path: page, scene, envVersion: readEnvVersion(json) }, json)

    took()
    return image
  },
}

function makeLimitedCode(wechat: Wechat, json: Fields, maxPath: number, took: () => void): Answer {
  const path = readText(json, 'path')
  if (!path || path.length > maxPath) throw new ApiError(40159, 'path can not be empty or too long')
  refuseReserved(path)
  const image = draw({ appid: wechat.appId, path, envVersion: readEnvVersion(json) }, json)

  const used = wechat.limits.spendLimitedCode()
  took()
  return { ...image, headers: { 'Num-Used': String(used) } }
}

function readScene(scene: unknown): string {
  if (typeof scene !== 'string' || scene === '' || scene.length > 32)
    throw new ApiError(40169, 'invalid length for scene')
  if (!SCENE.test(scene)) throw new ApiError(40129, 'invalid scene')
  refuseReserved(scene)
  return scene
}

function readPage({ releasedPages }: Wechat, json: Fields): string {
  const page = readText(json, 'page') || (releasedPages[0] ?? '')
  refuseReserved(page)
  const isPath = !page.startsWith('/') && !page.includes('?')
  if (!isPath || (json.check_path !== false && !releasedPages.includes(page)))
    throw new ApiError(41030, 'invalid page')
  return page
}

function refuseReserved(text: string): void {
  if (text.includes(RESERVED)) throw new ApiError(85096, `${RESERVED} is a reserved parameter`)
}

function readEnvVersion(json: Fields): string {
  const envVersion = json.env_version ?? 'release'
  if (typeof envVersion !== 'string' || !ENV_VERSIONS.includes(envVersion))
    throw new ApiError(40097, 'invalid env_version')
  return envVersion
}

function draw(target: CodeTarget, json: Fields): CodeImage {
  const style = readStyle(json)
  try {
    return drawCode(target, style)
  } catch {
    throw new ApiError(40159, 'path too long')
  }
}

function readStyle({ width = 430, auto_color, line_color, is_hyaline }: Fields): CodeStyle {
  if (!Number.isInteger(width) || Number(width) < 280 || Number(width) > 1280)
    throw new ApiError(40097, 'invalid width')
  const color = auto_color === true ? AUTO_COLOR : readColor(line_color ?? { r: 0, g: 0, b: 0 })
  return { width: Number(width), color, isHyaline: is_hyaline === true }
}

/** Red, green and blue as decimal numbers, or the same as text. */
function readColor(color: unknown): Rgb {
  const { r, g, b } = Object(color) as Record<'r' | 'g' | 'b', unknown>
  return [readChannel(r), readChannel(g), readChannel(b)]
}

function readChannel(value: unknown): number {
  const channel = Number(value)
  const isDecimal = /^\d{1,3}$/.test(String(value)) && channel <= 255
  if (!isDecimal) throw new ApiError(40097, 'invalid line_color')
  return channel
}
