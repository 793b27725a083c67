import { parseXml as parseDocument, XmlElement, XmlText } from '@rgrove/parse-xml'
import { isJsonObject, type Json } from '../core/json.ts'
import { Problem } from '../core/problem.ts'

/** How deep elements may lie below the root. */
const MAX_DEPTH = 4
const MAX_ELEMENTS = 1000

const MARKUP = /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<[^>]*>?/g
const PLAIN_TAG = /^<\/?[\w.-]+\s*\/?>$/
const DECLARATION = /^<\?xml\s[^>]*\?>/
const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

const withoutForbidden = (text: string): string => text.replace(NOT_XML, '\ufffd')

/**
 * Reads the XML of a push. Its leaves are texts, repeated elements a list. Characters that XML does not
 * have become U+FFFD, for a user may type them.
 *
 * Only what WeChat writes is XML here: elements, text, CDATA and the declaration. So there is no document
 * type, no entity of one's own, no attribute, no comment; and there are at most 1000 elements, at most four deep.
 *
 * @returns what the root `xml` holds, `undefined` when the text is anything else
 */
export function parseXml(text: string): Json | undefined {
  // The parser takes quadratic time to unify line ends.
  const xml = withoutForbidden(text).replace(/\r\n?/g, '\n')
  if (!isPlain(xml)) return undefined

  try {
    const { root } = parseDocument(xml)
    const value = root?.name === 'xml' && toValue(root)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Looks at the markup before the parser does, which descends as deep as there are elements. */
function isPlain(xml: string): boolean {
  let depth = 0
  let elements = 0
  for (const [markup] of xml.replace(DECLARATION, '').matchAll(MARKUP)) {
    if (markup.startsWith('<![CDATA[')) continue
    if (!PLAIN_TAG.test(markup)) return false

    if (markup.startsWith('</')) {
      depth -= 1
      continue
    }
    elements += 1
    if (depth > MAX_DEPTH || elements > MAX_ELEMENTS) return false
    if (!markup.endsWith('/>')) depth += 1
  }
  return true
}

function toValue(element: XmlElement): unknown {
  const children = element.children.filter((child) => child instanceof XmlElement)
  if (children.length === 0) return element.text

  const isMixed = element.children.some((child) => child instanceof XmlText && child.text.trim() !== '')
  if (isMixed) throw new SyntaxError('text between elements')

  const valuesByName = new Map<string, unknown[]>()
  for (const child of children) {
    const values = valuesByName.get(child.name)
    if (values) values.push(toValue(child))
    else valuesByName.set(child.name, [toValue(child)])
  }
  const entries = [...valuesByName].map(([name, values]) => [name, values.length > 1 ? values : values[0]])
  return Object.fromEntries(entries)
}

/**
 * Writes a passive reply as XML, texts in CDATA and a list as repeated elements.
 *
 * @throws Problem `INTERNAL` when a name is not one that XML could have
 */
export const writeXml = (reply: Json): string => writeElement('xml', reply)

function writeElement(name: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map((item) => writeElement(name, item)).join('')
  if (!/^[A-Za-z_][\w.-]*$/.test(name))
    throw new Problem('INTERNAL', { detail: 'a reply has a name that XML does not allow' })

  return `<${name}>${writeContent(value)}</${name}>`
}

function writeContent(value: unknown): string {
  if (isJsonObject(value)) {
    return Object.entries(value)
      .map(([name, inner]) => writeElement(name, inner))
      .join('')
  }
  if (typeof value === 'number') return String(value)

  return `<![CDATA[${withoutForbidden(String(value)).replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}
