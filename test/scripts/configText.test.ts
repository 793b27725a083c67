import { expect, test } from 'vitest'
import { type KeyPath, readValue, replaceValue } from '../../scripts/configText.ts'

const YAML = `# by hand
name:   odd   # spacing, kept
list: [1,
  2]
functions:
  old: { a: 1 } # goes with the value
  # goes too

# stays
resources:
  - By: !Ref Hand
  # stays too
  - Resources: {}

last: "quoted"
`

const JSON_TEXT = `{
  "by":   ["hand" ],
  "functions": [
    { "a": 1 }
  ], "last": true }
`

const replacements: readonly [
  what: string,
  text: string,
  path: KeyPath,
  format: 'json' | 'yaml',
  old: string,
][] = [
  [
    'a block of YAML',
    YAML,
    ['functions'],
    'yaml',
    YAML.slice(YAML.indexOf('functions'), YAML.indexOf('\n\n# stays')),
  ],
  ['an empty map inside a list', YAML, ['resources', 1, 'Resources'], 'yaml', 'Resources: {}'],
  ['the last value of YAML', YAML, ['last'], 'yaml', 'last: "quoted"'],
  ['a list of JSON', JSON_TEXT, ['functions'], 'json', '"functions": [\n    { "a": 1 }\n  ]'],
]

const VALUE = {
  one: { is: 'long enough that it does not fit into a single line of the text' },
  two: ["it's", 2],
}

test.each(replacements)(
  '%s is replaced and every byte around it is kept',
  (_what, text, path, format, old) => {
    const [before = '', after = ''] = text.split(old)

    const replaced = replaceValue(text, path, VALUE, format)

    expect(readValue(replaced, path)).toEqual(VALUE)
    expect(replaced.startsWith(before)).toBe(true)
    expect(replaced.endsWith(after)).toBe(true)
    expect(replaceValue(replaced, path, VALUE, format)).toBe(replaced)
  },
)

test('a key that is not there is named', () => {
  expect(() => replaceValue(YAML, ['resources', 7, 'Resources'], {}, 'yaml')).toThrow('resources.7.Resources')
})

test('a text that cannot be read is refused', () => {
  expect(() => readValue('{ "functions": [ }')).toThrow()
})
