import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { integer, oneTimeCode, text, wechatId } from '../../shared/function/fields.ts'
import { parseInput } from '../../shared/function/parseInput.ts'
import { problemOf } from '../support/problemOf.ts'

/** Why a field does not take a value; `undefined` when it does. */
const faultOf = (field: z.ZodMiniType, value: unknown): string | undefined =>
  problemOf(() => parseInput(z.strictObject({ field }), { field: value }))?.reason

describe('a text', () => {
  test('is not empty', () => {
    expect(faultOf(text(), '')).toBe('is empty')
    expect(faultOf(text(), ' ')).toBeUndefined()
  })

  test('is counted in UTF-16 units, as JavaScript does', () => {
    expect(faultOf(text({ maxLength: 2 }), '😀')).toBeUndefined()
    expect(faultOf(text({ maxLength: 2 }), '😀a')).toBe('is over its maximum of 2 characters')
  })

  test('is told to be too long before it is matched', () => {
    expect(faultOf(text({ maxLength: 2, pattern: /^a$/ }), 'bbb')).toBe('is over its maximum of 2 characters')
    expect(faultOf(text({ maxLength: 2, pattern: /^a$/ }), 'b')).toBe('is malformed')
  })
})

test.each([
  [280, undefined],
  [1280, undefined],
  [279, 'must be from 280 to 1280'],
  [1281, 'must be from 280 to 1280'],
  [430.5, 'must be an integer'],
  ['430', 'must be of type number'],
])('an integer from 280 to 1280 may be %j', (value, fault) => {
  expect(faultOf(integer(280, 1280), value)).toBe(fault)
})

test.each([
  ['oGZUI0egBJY1zhBYw2KhdUfwVJJE', undefined],
  ['o_-9', undefined],
  ['o:1', 'is malformed'],
  ['o 1', 'is malformed'],
  ['o\n', 'is malformed'],
  ['微信', 'is malformed'],
  ['x'.repeat(129), 'is over its maximum of 128 characters'],
])('an id of WeChat may be %j', (value, fault) => {
  expect(faultOf(wechatId(), value)).toBe(fault)
})

test.each([
  ['0a3Bcd000.-_~+/=:', undefined],
  ['a b', 'is malformed'],
  ['a&secret=b', 'is malformed'],
  ['a#b', 'is malformed'],
  ['a%26', 'is malformed'],
  ['a\r\nb', 'is malformed'],
  ['x'.repeat(33), 'is over its maximum of 32 characters'],
])('a one-time code may be %j', (value, fault) => {
  expect(faultOf(oneTimeCode(32), value)).toBe(fault)
})
