import { Problem } from './problem.ts'

const MAX_LENGTH = 32

/**
 * Checks the scene of an unlimited code: 1 to 32 of the characters that WeChat lists as legal.
 *
 * There is no `%` among them, so a text outside the set cannot be escaped into it.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 * @throws Problem `SCENE_INVALID` with `field` `scene` and `reason`
 */
export function checkScene(scene: string): void {
  const fault = faultOf(scene)
  if (fault) throw new Problem('SCENE_INVALID', { field: 'scene', reason: fault })
}

/**
 * The scene that a mini program was opened with, as its `query.scene` has it (percent-encoded) or decoded
 * already. A scene has no `%`, so one decoding cannot mistake the one for the other.
 *
 * @throws Problem `SCENE_INVALID` with `field` `scene` and `reason` when no code can have carried it
 */
export function parseScene(text: string): string {
  const scene = decode(text)
  checkScene(scene)
  return scene
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function faultOf(scene: string): string | undefined {
  if (scene === '') return 'is empty'
  if (!/^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+$/.test(scene)) {
    return "has a character outside 0-9 A-Z a-z !#$&'()*+,/:;=?@-._~"
  }
  if (scene.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`
  return undefined
}
