import { describe, expect, test } from 'vitest'
import { MAX_BODY_BYTES, type RawInput, readInput } from '../../shared/function/readInput.ts'
import { problemOf } from '../support/problemOf.ts'

const asBody = (text: string): RawInput => ({ body: Buffer.from(text) })
const refusal = (input: RawInput) => problemOf(() => readInput(input))

const invalid = (field: string, reason: string) => ({
  code: 'INVALID_ARGUMENT',
  ...(field && { field }),
  reason,
})
const tooLarge = (reason: string) => ({ code: 'PAYLOAD_TOO_LARGE', reason })

/** A value inside so many objects. */
const nested = (depth: number): object => JSON.parse(`${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`)
const withKeys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]))

describe('an input', () => {
  test('is a JSON object, as a body or as a value', () => {
    expect(readInput(asBody('{"code":"x","list":[1,null,true]}'))).toEqual({
      code: 'x',
      list: [1, null, true],
    })
    expect(readInput({ value: { code: 'x' } })).toEqual({ code: 'x' })
  })

  test('may be left out of an HTTP request', () => {
    expect(readInput(asBody(''))).toEqual({})
  })

  test.each([['null'], ['[]'], ['"text"'], ['1'], ['true'], ['[{"code":"x"}]']])(
    'is refused when it is %s',
    (json) => {
      const expected = invalid('', 'the input must be a JSON object')

      expect(refusal(asBody(json))).toEqual(expected)
      expect(refusal({ value: JSON.parse(json) })).toEqual(expected)
    },
  )

  test('is refused when the platform passes none', () => {
    expect(refusal({ value: undefined })).toEqual(invalid('', 'the input must be a JSON object'))
  })

  test.each(['{', "{'code':1}", '{"code":NaN}', '{"code":Infinity}', '{"a":1}{"b":2}', 'code=x', '{"a":01}'])(
    'is refused when its body is no JSON: %s',
    (text) => {
      expect(refusal(asBody(text))).toEqual(invalid('', 'the body is not JSON'))
    },
  )

  test('is refused when its body is not UTF-8', () => {
    expect(refusal({ body: Buffer.from('{"code":"\xff"}', 'latin1') })).toEqual(
      invalid('', 'the body is not UTF-8'),
    )
  })
})

describe('text and numbers', () => {
  test.each([
    ['a lone high surrogate', { code: '\ud800' }, 'code', 'has a lone surrogate'],
    ['a lone low surrogate', { code: 'a\udc00b' }, 'code', 'has a lone surrogate'],
    ['a NUL', { code: 'a\0b' }, 'code', 'has a NUL character'],
    ['a NUL deep inside', { a: [{ b: '\0' }] }, 'a.0.b', 'has a NUL character'],
    ['a NUL in a name', { 'a\0': 1 }, '', 'has a NUL character'],
    ['a lone surrogate in a name', { a: { '\ud800': 1 } }, 'a', 'has a lone surrogate'],
  ])('are refused with %s', (_, value, field, reason) => {
    expect(refusal({ value })).toEqual(invalid(field, reason))
    expect(refusal(asBody(JSON.stringify(value)))).toEqual(invalid(field, reason))
  })

  test.each([
    ['NaN', Number.NaN, 'is not a finite number'],
    ['Infinity', Number.POSITIVE_INFINITY, 'is not a finite number'],
    ['a number beyond all numbers', JSON.parse('1e999'), 'is not a finite number'],
    ['a bigint', 1n, 'is not a JSON value'],
    ['a function', () => 1, 'is not a JSON value'],
    ['a symbol', Symbol('x'), 'is not a JSON value'],
  ])('are refused when they are %s', (_, width, reason) => {
    expect(refusal({ value: { width } })).toEqual(invalid('width', reason))
  })

  test('are taken as they are: nothing is trimmed, composed or repaired', () => {
    const value = { a: ' x ', b: 'e\u0301', c: '😀', d: '\u202e' }

    expect(readInput(asBody(JSON.stringify(value)))).toEqual(value)
  })
})

describe('names that reach the prototype', () => {
  test.each(['__proto__', 'constructor', 'prototype'])('are refused: %s', (name) => {
    expect(refusal(asBody(`{"${name}":{"isAdmin":true}}`))).toEqual(invalid(name, 'is not allowed as a key'))
    expect(refusal(asBody(`{"data":{"${name}":1}}`))).toEqual(
      invalid(`data.${name}`, 'is not allowed as a key'),
    )
    expect(refusal({ value: JSON.parse(`{"a":[{"${name}":1}]}`) })).toEqual(
      invalid(`a.0.${name}`, 'is not allowed as a key'),
    )
    expect({}).not.toHaveProperty('isAdmin')
  })
})

describe('limits', () => {
  test('a body may have 1 MiB', () => {
    const body = Buffer.alloc(MAX_BODY_BYTES, ' ')
    body.write('{}')

    expect(readInput({ body })).toEqual({})
    expect(refusal({ body: Buffer.concat([body, Buffer.from(' ')]) })).toEqual(
      tooLarge('the body is larger than 1 MiB'),
    )
  })

  test('a body that is too large is refused before it is parsed', () => {
    expect(refusal({ body: Buffer.alloc(MAX_BODY_BYTES + 1, '{') })).toEqual(
      tooLarge('the body is larger than 1 MiB'),
    )
  })

  test.each([
    ['in one text', { a: 'x'.repeat(MAX_BODY_BYTES + 1) }],
    ['counted in bytes rather than characters', { a: '微'.repeat(MAX_BODY_BYTES / 3 + 1) }],
    ['in many texts', { a: Array.from({ length: 200 }, () => 'x'.repeat(6000)) }],
    ['in a name', { ['x'.repeat(MAX_BODY_BYTES + 1)]: 1 }],
  ])('a value that the platform has parsed may have as much: %s', (_, value) => {
    expect(refusal({ value })).toEqual(tooLarge('the input is larger than 1 MiB'))
  })

  test('an input may be nested 16 deep', () => {
    expect(refusal({ value: nested(16) })).toBeUndefined()
    expect(refusal(asBody(JSON.stringify(nested(16))))).toBeUndefined()
    expect(refusal({ value: nested(17) })).toEqual(tooLarge('the input is nested more than 16 deep'))
    expect(refusal(asBody(JSON.stringify(nested(17))))).toEqual(
      tooLarge('the body is nested more than 16 deep'),
    )
  })

  test.each([
    ['lists', `{"a":${'['.repeat(100_000)}`],
    ['objects', '{"a":'.repeat(100_000)],
  ])('a body that is nested without end is refused before it is parsed: %s', (_, text) => {
    expect(refusal(asBody(text))).toEqual(tooLarge('the body is nested more than 16 deep'))
  })

  test('brackets inside text are no nesting', () => {
    const value = { a: `${'['.repeat(50)}"${'{'.repeat(50)}\\` }

    expect(readInput(asBody(JSON.stringify(value)))).toEqual(value)
  })

  test('a body of very many values is refused before it is parsed', () => {
    const list = (length: number) => asBody(JSON.stringify({ a: Array.from({ length }, () => 1) }))

    expect(refusal(list(10_000))).toBeUndefined()
    expect(refusal(list(10_001))).toEqual(tooLarge('the body has more than 10000 values'))
    expect(refusal(asBody(JSON.stringify({ a: ','.repeat(20_000) })))).toBeUndefined()
  })

  test('an input may have 256 keys, wherever they are', () => {
    expect(refusal({ value: withKeys(256) })).toBeUndefined()
    expect(refusal({ value: withKeys(257) })).toEqual(tooLarge('the input has more than 256 keys'))
    expect(refusal({ value: { a: withKeys(128), b: withKeys(127) } })).toEqual(
      tooLarge('the input has more than 256 keys'),
    )
  })
})
