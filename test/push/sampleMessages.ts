import { type PushMessage, readPushMessage } from '../../shared/push/readPushMessage.ts'

/** What every message has. */
export const envelope = {
  ToUserName: 'gh_1',
  FromUserName: 'oAlice',
  CreateTime: 1_620_973_045,
  MsgType: 'event',
}

export const readJson = (fields: object): PushMessage | undefined =>
  readPushMessage('json', JSON.stringify({ ...envelope, ...fields }))

/** A message with more in it than what every message has. */
export const jsonOf = (more: string): string => `${JSON.stringify(envelope).slice(0, -1)},${more}}`

export const xmlMessage = (inner: string): string => {
  const own = Object.entries(envelope).map(([name, value]) => `<${name}>${value}</${name}>`)
  return `<xml>${own.join('')}${inner}</xml>`
}

export const readXml = (inner: string): PushMessage | undefined => readPushMessage('xml', xmlMessage(inner))

/** Reads what must be a message. */
export function messageOf(format: 'json' | 'xml', text: string): PushMessage {
  const message = readPushMessage(format, text)
  if (!message) throw new Error(`no message: ${text}`)
  return message
}

/** An event with these fields. */
export const eventOf = (event: string, fields: object): PushMessage =>
  messageOf('json', JSON.stringify({ ...envelope, Event: event, ...fields }))
