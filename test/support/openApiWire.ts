import protobuf from 'protobufjs/minimal.js'
import { parseForm } from './parseForm.ts'

/** One `cloud.openapi.<api>(…)` as it came in. */
export type CloudCall = {
  /** `<category>.<method>` */
  readonly api: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly files: Readonly<Record<string, CloudFile>>
}

/** The SDK leaves the content type out; the file's name tells it. */
export type CloudFile = { readonly bytes: Buffer; readonly fileName: string }

/** What WeChat answers through CloudBase, or an error of CloudBase's own such as -604101. */
export type OpenApiAnswer =
  | { readonly body: string | Uint8Array; readonly contentType?: string }
  | { readonly errorCode: number }

/**
 * Reads a cloud call off the wire: a form whose `requestData` is a protobuf `CommApiData`. Its field 2 is
 * `OpenApiData`, whose fields 1 are pairs of 1 key, 2 value and, of files, 4 name.
 */
export function readCloudCall(body: Buffer, contentType: string): CloudCall {
  const form = parseForm(body, contentType)
  const fields: Record<string, unknown> = {}
  const files: Record<string, CloudFile> = {}
  const [data = EMPTY] = readMessage(form.get('requestData')?.bytes ?? EMPTY).get(2) ?? []
  for (const pair of readMessage(data).get(1) ?? []) {
    const parts = readMessage(pair)
    const [key = '', value = EMPTY, fileName] = [1, 2, 4].map((id) => parts.get(id)?.[0])
    if (fileName) files[key.toString()] = { bytes: value, fileName: fileName.toString() }
    else fields[key.toString()] = JSON.parse(value.toString())
  }
  return { api: form.get('apiName')?.bytes.toString() ?? '', fields, files }
}

const EMPTY = Buffer.alloc(0)
const LENGTH_DELIMITED = 2

/** The length-delimited fields of a protobuf message by their number. */
function readMessage(bytes: Uint8Array): Map<number, Buffer[]> {
  const reader = protobuf.Reader.create(bytes)
  const fields = new Map<number, Buffer[]>()
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const [id, wireType] = [tag >>> 3, tag & 7]
    if (wireType === LENGTH_DELIMITED)
      fields.set(id, [...(fields.get(id) ?? []), Buffer.from(reader.bytes())])
    else reader.skipType(wireType)
  }
  return fields
}

const tag = (id: number, wireType: 0 | 2) => (id << 3) | wireType

/** A protobuf `CommOpenApiResp`: 1 body, 2 content type, 3 CloudBase's own error, 4 HTTP status. */
export function encodeOpenApiAnswer(answer: OpenApiAnswer): Uint8Array {
  const writer = protobuf.Writer.create()
  if ('errorCode' in answer) return writer.uint32(tag(3, 0)).int32(answer.errorCode).finish()

  const { body, contentType = 'application/json; encoding=utf-8' } = answer
  writer.uint32(tag(1, 2)).bytes(Buffer.from(body))
  writer.uint32(tag(2, 2)).string(contentType)
  return writer.uint32(tag(4, 0)).uint32(200).finish()
}
