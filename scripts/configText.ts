import { Document, isMap, isPair, parseDocument, visit } from 'yaml'

/** Where a value stands in a YAML or JSON text: keys and list positions from the top. */
export type KeyPath = readonly [...(string | number)[], string]

/** The value at `path`, or the whole text's value. CloudFormation's short tags (`!Ref`) are left out. */
export function readValue(text: string, path: readonly (string | number)[] = []): unknown {
  const document = parseDocument(text, { logLevel: 'error' })
  if (document.errors[0]) throw document.errors[0]

  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | null | undefined)?.[key],
    document.toJS(),
  )
}

/**
 * The text with another value at `path`, every other byte as it was.
 *
 * JSON is YAML, so both are found the same way. Throws when the key is not there.
 */
export function replaceValue(text: string, path: KeyPath, value: unknown, format: 'json' | 'yaml'): string {
  const { start, end } = findPair(text, path)
  const key = String(path.at(-1))
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1))
  const pair = format === 'json' ? printJson(key, value) : printYaml(key, value)

  return text.slice(0, start) + pair.replaceAll('\n', `\n${indent}`) + text.slice(end)
}

function findPair(text: string, path: KeyPath): { start: number; end: number } {
  const map = parseDocument(text, { logLevel: 'error' }).getIn(path.slice(0, -1), true)
  const pair = isMap(map)
    ? map.items.find((item) => isPair(item) && String(item.key) === path.at(-1))
    : undefined
  const [start] = rangeOf(pair?.key) ?? []
  const [, end] = rangeOf(pair?.value) ?? []
  if (start === undefined || end === undefined) throw new Error(`there is no key ${path.join('.')}`)

  // The range of a block of YAML includes the end of its last line.
  return { start, end: text.slice(0, end).trimEnd().length }
}

const rangeOf = (node: unknown): readonly number[] | undefined =>
  typeof node === 'object' && node !== null && 'range' in node ? (node.range as readonly number[]) : undefined

const printJson = (key: string, value: unknown): string =>
  `${JSON.stringify(key)}: ${JSON.stringify(value, null, 2)}`

/** Blocks, with what is short enough in one line. */
function printYaml(key: string, value: unknown): string {
  const document = new Document({ [key]: value }, { aliasDuplicateObjects: false })
  visit(document, {
    Collection(_, node) {
      if (JSON.stringify(node).length > MAX_FLOW_LENGTH) return undefined
      node.flow = true
      return visit.SKIP
    },
  })
  return document.toString({ lineWidth: 110, flowCollectionPadding: true, singleQuote: true }).trimEnd()
}

const MAX_FLOW_LENGTH = 75
