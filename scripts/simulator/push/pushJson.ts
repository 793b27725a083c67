import type { PushMessage, PushValue } from './pushMessage.ts'

/** JSON in which a `bigint` is a bare number, which `JSON.stringify` cannot write. */
export function writePushJson(value: PushValue): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(writePushJson).join()}]`
  const fields = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}:${writePushJson(part)}`)
  return `{${fields.join()}}`
}

/** The event of a cloud function: made out to the app id, and with an id such as `MsgId` as text. */
export const toFunctionEvent = (message: PushMessage, appId: string): object =>
  JSON.parse(
    JSON.stringify({ ...message, ToUserName: appId }, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  )
