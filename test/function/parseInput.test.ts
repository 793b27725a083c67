import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { integer, text } from '../../shared/function/fields.ts'
import { parseInput } from '../../shared/function/parseInput.ts'
import { problemOf } from '../support/problemOf.ts'

const schema = z.strictObject({
  code: text({ maxLength: 8, pattern: /^[a-z]*$/ }),
  width: z.optional(integer(280, 1280)),
  type: z.optional(z.enum(['text', 'image'])),
  everywhere: z.optional(z.boolean()),
  color: z.optional(z.strictObject({ r: z.number() })),
  results: z.optional(z.record(z.string(), z.string())),
})

const refusal = (input: Record<string, unknown>) => problemOf(() => parseInput(schema, input))

test('an input that fits is given back as it is', () => {
  const input = {
    code: 'abc',
    width: 430,
    type: 'text',
    everywhere: false,
    color: { r: 0 },
    results: { a: 'b' },
  }

  expect(parseInput(schema, input)).toEqual(input)
})

describe('the first field at fault is named by its dotted path, with what is wrong with it', () => {
  test.each<[Record<string, unknown>, string, string]>([
    [{}, 'code', 'is missing'],
    [{ code: undefined }, 'code', 'is missing'],
    [{ code: null }, 'code', 'must be of type string'],
    [{ code: 1 }, 'code', 'must be of type string'],
    [{ code: true }, 'code', 'must be of type string'],
    [{ code: ['a'] }, 'code', 'must be of type string'],
    [{ code: { $ne: null } }, 'code', 'must be of type string'],
    [{ code: { toString: 'a' } }, 'code', 'must be of type string'],
    [{ code: '' }, 'code', 'is empty'],
    [{ code: 'abcdefghi' }, 'code', 'is over its maximum of 8 characters'],
    [{ code: 'A' }, 'code', 'is malformed'],
    [{ code: 'a\n' }, 'code', 'is malformed'],
    [{ code: 'a', width: '430' }, 'width', 'must be of type number'],
    [{ code: 'a', width: 430.5 }, 'width', 'must be an integer'],
    [{ code: 'a', width: 279 }, 'width', 'must be from 280 to 1280'],
    [{ code: 'a', width: 1281 }, 'width', 'must be from 280 to 1280'],
    [{ code: 'a', type: 'Text' }, 'type', 'must be one of text, image'],
    [{ code: 'a', everywhere: 'true' }, 'everywhere', 'must be of type boolean'],
    [{ code: 'a', everywhere: 1 }, 'everywhere', 'must be of type boolean'],
    [{ code: 'a', color: {} }, 'color.r', 'is missing'],
    [{ code: 'a', color: { r: '0' } }, 'color.r', 'must be of type number'],
    [{ code: 'a', results: { tpl: 1 } }, 'results.tpl', 'must be of type string'],
  ])('%j', (input, field, reason) => {
    expect(refusal(input)).toEqual({ code: 'INVALID_ARGUMENT', field, reason })
  })

  test.each(['openid', 'session_key', 'sessionKey', 'userInfo', 'appid', 'toString', 'hasOwnProperty'])(
    'a field that the function does not have is refused, not ignored: %s',
    (name) => {
      expect(refusal({ code: 'a', [name]: 'x' })).toEqual({
        code: 'INVALID_ARGUMENT',
        field: name,
        reason: 'is not a field of this function',
      })
      expect(refusal({ code: 'a', color: { r: 0, [name]: 'x' } })).toMatchObject({ field: `color.${name}` })
    },
  )

  test('a name that a client made up is told in part only', () => {
    expect(refusal({ code: 'a', ['x'.repeat(1000)]: 1 })?.field).toHaveLength(200)
  })
})
