import { parseXml, XmlElement } from '@rgrove/parse-xml'
import type { PushMessage, PushValue } from './pushMessage.ts'

/** The fields that stand outside CDATA even where their JSON form is text. */
const NUMERIC = new Set(['CreateTime', 'MsgId', 'MsgID', 'ErrorCode', 'PopupScene'])

/**
 * The XML form of a message: text in CDATA, numbers bare, an array as its element repeated. The `List` of a subscribe
 * event has a container around it, named after the event.
 */
export function writePushXml(message: PushMessage): string {
  const { List, ...fields } = message
  const isContained = List !== undefined && typeof message.Event === 'string'
  const shaped = isContained ? { ...fields, [toPascalCase(String(message.Event))]: { List } } : message
  return writeElement('xml', shaped)
}

function writeElement(name: string, value: PushValue): string {
  if (Array.isArray(value)) return value.map((item) => writeElement(name, item)).join('')
  return `<${name}>${writeContent(name, value)}</${name}>`
}

function writeContent(name: string, value: PushValue): string {
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([part, content]) => writeElement(part, content))
      .join('')
  }
  return typeof value !== 'string' || NUMERIC.has(name) ? String(value) : writeCdata(value)
}

/** The end mark of CDATA inside a text is split between two sections. */
const writeCdata = (text: string) => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`

const toPascalCase = (event: string) =>
  event.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Reads an `<xml>` document into its fields, all of them text. Throws when it is none. */
export function parsePushXml(text: string): Readonly<Record<string, unknown>> {
  const { root } = parseXml(text)
  if (root?.name !== 'xml') throw new Error('the root element is not <xml>')
  return readFields(root)
}

const elementsOf = ({ children }: XmlElement) => children.filter((child) => child instanceof XmlElement)

const readFields = (element: XmlElement): Record<string, unknown> =>
  Object.fromEntries(
    elementsOf(element).map((part) => [
      part.name,
      elementsOf(part).length > 0 ? readFields(part) : part.text,
    ]),
  )
