import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../shared/core/canonicalJson.ts'

describe('canonical JSON', () => {
  test.each<[unknown, string]>([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ a: { d: [{ f: 1, e: 2 }], c: null } }, '{"a":{"c":null,"d":[{"e":2,"f":1}]}}'],
    [[3, 1, 2], '[3,1,2]'],
    [{ é: 1, z: 2, Z: 3, 桌: 4 }, '{"Z":3,"z":2,"é":1,"桌":4}'],
    [{}, '{}'],
    ['text', '"text"'],
    [null, 'null'],
  ])('of %j has its keys in order at every level', (value, json) => {
    expect(canonicalJson(value)).toBe(json)
  })

  test('is the same in whatever order keys were added, those that look like numbers included', () => {
    const one = JSON.parse('{"b":1,"10":2,"9":3,"a":{"2":1,"1":2}}')
    const other = JSON.parse('{"a":{"1":2,"2":1},"9":3,"b":1,"10":2}')

    expect(canonicalJson(one)).toBe(canonicalJson(other))
    expect(JSON.parse(canonicalJson(one))).toEqual(one)
  })

  test.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { 'a.b': 1 }],
    [{ a: {} }, { a: [] }],
    [{ a: '\u00e9' }, { a: 'e\u0301' }],
  ])('tells %j and %j apart', (one, other) => {
    expect(canonicalJson(one)).not.toBe(canonicalJson(other))
  })
})
