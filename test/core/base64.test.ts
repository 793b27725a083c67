import { describe, expect, test } from 'vitest'
import { parseBase64 } from '../../shared/core/base64.ts'
import { problemOf } from '../support/problemOf.ts'

describe('base64 of a client', () => {
  test.each(['AA==', 'AAA=', 'AAAA', '+/+/', 'r7BXXKkLb8qrSNn05n0qiA=='])(
    'is decoded when it is canonical: %s',
    (text) => {
      expect(parseBase64(text, 'iv')).toEqual(Buffer.from(text, 'base64'))
    },
  )

  test.each([
    ['nothing at all', '', 'is empty'],
    ['a line feed', 'AAAA\nAAAA', 'base64 with a line break'],
    ['a carriage return', 'AAAA\r\nAAAA', 'base64 with a line break'],
    ['a trailing line feed', 'AAAA\n', 'base64 with a line break'],
    ['a plus that became a space', ' /+/', 'base64 with a space (a + that was lost on the way?)'],
    ['a tab', 'AAA\t', 'base64 with a space (a + that was lost on the way?)'],
    ['the URL-safe minus', '-/+/', 'base64 in the URL-safe alphabet'],
    ['the URL-safe underscore', '_/+/', 'base64 in the URL-safe alphabet'],
    ['text after the padding', 'AA==AAAA', 'base64 with text after the padding'],
    ['another letter', 'AAA*', 'not base64'],
    ['a letter of another script', 'AAАA', 'not base64'],
    ['no padding', 'AAA', 'base64 without its padding'],
    ['too little padding', 'AA=', 'base64 without its padding'],
    ['too much padding', 'A===', 'base64 with too much padding'],
    ['padding alone', '====', 'base64 with too much padding'],
    ['a tail bit in the last but one', 'AB==', 'base64 with non-zero tail bits'],
    ['a tail bit in the last', 'AAB=', 'base64 with non-zero tail bits'],
  ])('is refused for %s', (_, text, reason) => {
    expect(problemOf(() => parseBase64(text, 'iv'))).toEqual({
      code: 'INVALID_ARGUMENT',
      field: 'iv',
      reason,
    })
  })

  test('stands for each value in exactly one way: no other text of the same length decodes to it', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const accepted = [...alphabet].filter((letter) => !problemOf(() => parseBase64(`A${letter}==`, 'iv')))

    expect(accepted).toEqual(['A', 'Q', 'g', 'w'])
  })
})
