import { describe, expect, test } from 'vitest'
import { checkScene, parseScene } from '../../shared/core/scene.ts'

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

describe('a scene that a mini program was opened with', () => {
  test.each([
    ['as it is', 'id=42&from=poster', 'id=42&from=poster'],
    ['as query.scene has it', 'id%3D42%26from%3Dposter', 'id=42&from=poster'],
    ['of legal characters only', "a!#$&'()*+,/:;=?@-._~b", "a!#$&'()*+,/:;=?@-._~b"],
    ['of legal characters only, encoded', encodeURIComponent("a!#$&'()*+,/:;=?@b"), "a!#$&'()*+,/:;=?@b"],
    ['of 32 characters, encoded', '%3D'.repeat(32), '='.repeat(32)],
  ])('%s is read', (_, text, scene) => {
    expect(parseScene(text)).toBe(scene)
  })

  test.each([
    ['empty', ''],
    ['too long once decoded', '%3D'.repeat(33)],
    ['encoded twice', 'a%253Db'],
    ['a lone percent sign', '50%'],
    ['half an escape', 'a%3'],
    ['no UTF-8', '%FF'],
    ['Chinese', '%E6%A1%8C'],
    ['a NUL character', '%00'],
    ['a space', 'a%20b'],
  ])('%s is refused', (_, text) => {
    expect(() => parseScene(text)).toThrow(
      expect.objectContaining({
        code: 'SCENE_INVALID',
        options: { field: 'scene', reason: expect.any(String) },
      }),
    )
  })
})
