import { describe, expect, test } from 'vitest'
import { readPushMessage, toPushMessage } from '../../shared/push/readPushMessage.ts'
import { envelope, jsonOf, readXml, xmlMessage } from './sampleMessages.ts'

describe('limits', () => {
  test('elements lie at most four deep below the root', () => {
    expect(readXml('<A><B><C><D>x</D></C></B></A>')?.fields.A).toEqual({ B: { C: { D: 'x' } } })
    expect(readXml('<A><B><C><D><E/></D></C></B></A>')).toBeUndefined()
  })

  test('the deepest XML, each element repeated, is within what JSON may have', () => {
    const twice = (xml: string, name: string) => `<${name}>${xml}</${name}>`.repeat(2)

    expect(readXml(['D', 'C', 'B', 'A'].reduce(twice, 'x'))).toBeDefined()
  })

  test('objects and lists lie at most eight deep in JSON', () => {
    const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`

    expect(readPushMessage('json', jsonOf(`"a":[${nested(6)}]`))).toBeDefined()
    expect(readPushMessage('json', jsonOf(`"a":[[${nested(6)}]]`))).toBeUndefined()
  })

  test('there are at most 1000 values', () => {
    const list = (count: number) => `"a":[${Array(count).fill(1)}]`
    const others = 1 + Object.keys(envelope).length + 1

    expect(readPushMessage('json', jsonOf(list(1000 - others)))).toBeDefined()
    expect(readPushMessage('json', jsonOf(list(1001 - others)))).toBeUndefined()
    expect(readXml('<a/>'.repeat(900))).toBeDefined()
    expect(readXml('<a/>'.repeat(1000))).toBeUndefined()
  })

  test('there are at most 64 KiB', () => {
    const content = (length: number) => `"Content":"${'x'.repeat(length)}"`
    const rest = 65_536 - jsonOf(content(0)).length

    expect(readPushMessage('json', jsonOf(content(rest)))).toBeDefined()
    expect(readPushMessage('json', jsonOf(content(rest + 1)))).toBeUndefined()
  })

  test.each(['__proto__', 'constructor', 'prototype'])('no key is %s, however deep', (key) => {
    expect(readPushMessage('json', jsonOf(`"${key}":1`))).toBeUndefined()
    expect(readPushMessage('json', jsonOf(`"a":[{"${key}":{}}]`))).toBeUndefined()
    expect(readXml(`<${key}>x</${key}>`)).toBeUndefined()
    expect(readXml(`<A><B><${key}/></B></A>`)).toBeUndefined()
    expect(toPushMessage({ ...envelope, a: JSON.parse(`{"${key}":1}`) })).toBeUndefined()
  })
})

describe('a bomb is refused', () => {
  const filled = (unit: string, before = '', after = '') =>
    before + unit.repeat((65_536 - before.length - after.length) / unit.length) + after
  const entities = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
  )

  test.each<[string, string]>([
    [
      'a billion laughs',
      `<!DOCTYPE xml [<!ENTITY l0 "lol">${entities.join('')}]>${xmlMessage('<A>&l9;</A>')}`,
    ],
    [
      'one long entity many times',
      `<!DOCTYPE xml [<!ENTITY a "${'a'.repeat(30_000)}">]>${xmlMessage(`<A>${'&a;'.repeat(10_000)}</A>`)}`,
    ],
    ['opening tags', filled('<a>')],
    ['opening tags behind the root', filled('<a>', '<xml>')],
    ['tags in tags', '<a>'.repeat(9000) + '</a>'.repeat(9000)],
    ['elements side by side', filled('<a/>', '<xml>', '</xml>')],
    ['attributes', filled(' a="b"', '<xml', '/>')],
    ['references in an attribute', filled('&amp;', '<xml a="', '"/>')],
    ['angle brackets', filled('<')],
    ['openings of CDATA', filled('<![CDATA[', '<xml>')],
    ['openings of comments', filled('<!--', '<xml>')],
    ['closing tags, and then as many opening ones', '</a>'.repeat(9000) + '<a>'.repeat(9000)],
    ['a tag without end', filled(' ', '<xml')],
    ['a declaration without end', filled('?', '<?xml ')],
    ['line ends', filled('\r\n', '<xml>', '</xml>')],
  ])('%s in XML', (_, text) => {
    expect(readPushMessage('xml', text)).toBeUndefined()
  })

  test.each<[string, string]>([
    ['lists in lists', filled('[')],
    ['lists in lists that end', jsonOf(`"a":${'['.repeat(30_000)}${']'.repeat(30_000)}`)],
    ['objects in objects', filled('{"a":')],
    ['a long list', jsonOf(`"a":[${Array(30_000).fill(1)}]`)],
    ['many keys', jsonOf(Array.from({ length: 5000 }, (_, key) => `"${key}":1`).join())],
    ['quotes behind a long integer', filled('\\"', '1111111111111111"')],
  ])('%s in JSON', (_, text) => {
    expect(readPushMessage('json', text)).toBeUndefined()
  })
})
