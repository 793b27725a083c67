import { describe, expect, test } from 'vitest'
import { checkScene } from '../../shared/core/scene.ts'

const LEGAL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$&'()*+,/:;=?@-._~"
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index))

describe('a scene', () => {
  test.each([['a'], ['id=42&from=poster'], ['x'.repeat(32)], ["!#$&'()*+,/:;=?@-._~"]])(
    '%j is accepted',
    (scene) => {
      expect(() => checkScene(scene)).not.toThrow()
    },
  )

  test.each([
    ['', 'is empty'],
    ['x'.repeat(33), 'has more than 32 characters'],
    ['a b', expect.stringContaining('has a character outside')],
    ['%E4%B8%AD', expect.stringContaining('has a character outside')],
    ['订单1', expect.stringContaining('has a character outside')],
    ['a\n', expect.stringContaining('has a character outside')],
    ['a|b', expect.stringContaining('has a character outside')],
    ['😀', expect.stringContaining('has a character outside')],
  ])('%j is refused', (scene, reason) => {
    expect(() => checkScene(scene)).toThrow(
      expect.objectContaining({ code: 'SCENE_INVALID', options: { field: 'scene', reason } }),
    )
  })

  test('may hold exactly the printable characters that WeChat lists', () => {
    const accepted = PRINTABLE.filter((character) => {
      try {
        checkScene(character)
        return true
      } catch {
        return false
      }
    })

    expect(accepted.join('')).toBe([...LEGAL].sort().join(''))
  })
})
