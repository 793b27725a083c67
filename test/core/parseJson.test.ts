import { expect, test } from 'vitest'
import { parseJson } from '../../shared/core/parseJson.ts'

test.each<[string, string, unknown]>([
  ['a 64-bit id', '{"msgid":1864323726461255681}', { msgid: '1864323726461255681' }],
  ['a negative one', '{"id":-9223372036854775808}', { id: '-9223372036854775808' }],
  ['an integer of sixteen digits', '{"id":1234567890123456}', { id: '1234567890123456' }],
  [
    'ids in a list',
    '{"ids":[1864323726461255681,1864323726461255683]}',
    {
      ids: ['1864323726461255681', '1864323726461255683'],
    },
  ],
  ['an id after white space', '{"id" :\n\t1864323726461255681 }', { id: '1864323726461255681' }],
])('%s becomes a text, exact to the last digit', (_, text, value) => {
  expect(parseJson(text)).toEqual(value)
})

test.each<[string, string, unknown]>([
  ['an integer of fifteen digits', '{"id":123456789012345}', { id: 123456789012345 }],
  [
    'a decimal with a long tail',
    '{"prob":0.30000000000000004,"id":1}',
    {
      prob: 0.30000000000000004,
      id: 1,
    },
  ],
  ['a long decimal', '{"n":12345678901234567.5}', { n: Number('12345678901234567.5') }],
  ['a power', '{"n":1234567890123456e3}', { n: 1234567890123456e3 }],
])('%s stays a number', (_, text, value) => {
  expect(parseJson(text)).toEqual(value)
})

test.each<[string, string, unknown]>([
  [
    'digits inside a text',
    '{"a":"id 1864323726461255681, 2","b":":18643237264612556811"}',
    {
      a: 'id 1864323726461255681, 2',
      b: ':18643237264612556811',
    },
  ],
  [
    'digits after an escaped quote',
    String.raw`{"a":"\" 1864323726461255681 \\","id":1864323726461255681}`,
    {
      a: '" 1864323726461255681 \\',
      id: '1864323726461255681',
    },
  ],
  [
    'a key of digits',
    '{"1864323726461255681":1864323726461255681}',
    {
      '1864323726461255681': '1864323726461255681',
    },
  ],
  [
    'text in other scripts',
    '{"a":"红茶 1864323726461255681 \\u4e00😀"}',
    { a: '红茶 1864323726461255681 一😀' },
  ],
])('%s is left alone', (_, text, value) => {
  expect(parseJson(text)).toEqual(value)
})

test('a text of megabytes beside an id is no burden', () => {
  const text = 'x\\n'.repeat(1_000_000)

  expect(parseJson(`{"text":"${text}","id":1864323726461255681}`)).toMatchObject({
    id: '1864323726461255681',
  })
})

test.each([
  '',
  'null',
  '[]',
  '[{"errcode":0}]',
  '"text"',
  '1864323726461255681',
  '{"errcode":0',
  '{"id":18643237264612556',
  '{"errcode":0}{',
  '<html></html>',
])('%j is no JSON object', (text) => {
  expect(parseJson(text)).toBeUndefined()
})
