import type { Json } from './json.ts'

/** What the open data of each kind looks like once it is read. Fields that WeChat adds are dropped until they are named here. */
export type OpenDataOf = {
  userInfo: {
    readonly nickName: string
    readonly openId?: string
    readonly unionId?: string
    readonly gender?: number
    readonly language?: string
    readonly city?: string
    readonly province?: string
    readonly country?: string
    readonly avatarUrl?: string
  }
  phoneNumber: {
    readonly phoneNumber: string
    readonly purePhoneNumber: string
    readonly countryCode: string
  }
  shareInfo: { readonly openGId: string }
  groupEnterInfo: {
    readonly opengid?: string
    readonly open_single_roomid?: string
    readonly group_openid?: string
    readonly chat_type?: number
  }
  weRunData: { readonly stepInfoList: readonly { readonly timestamp: number; readonly step: number }[] }
  privateMessage: { readonly activityId: string }
}

export type OpenDataKind = keyof OpenDataOf

type ReadField = (value: unknown) => unknown

/** A field: how to read it (`undefined` for what is not one), and the other spellings in which WeChat sends it. */
type Field = { readonly read: ReadField; readonly aliases?: readonly string[] }

type Shape = {
  readonly fields: Readonly<Record<string, Field>>
  /** At least one of each group must be there. */
  readonly mandatory: readonly (readonly string[])[]
}

const readText: ReadField = (value) => (typeof value === 'string' ? value : undefined)
const readInteger: ReadField = (value) => (Number.isSafeInteger(value) ? value : undefined)
const readTextOrNumber: ReadField = (value) => (typeof value === 'number' ? String(value) : readText(value))

const text: Field = { read: readText }
const integer: Field = { read: readInteger }

function readSteps(value: unknown): unknown {
  if (!Array.isArray(value)) return undefined

  const steps = value.map((item: Partial<Record<'timestamp' | 'step', unknown>> | null) => ({
    timestamp: readInteger(item?.timestamp),
    step: readInteger(item?.step),
  }))
  const isComplete = steps.every(({ timestamp, step }) => timestamp !== undefined && step !== undefined)
  return isComplete ? steps.sort((a, b) => Number(a.timestamp) - Number(b.timestamp)) : undefined
}

/**
 * The kinds, in the order in which data without a declared kind is recognised.
 *
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */
const SHAPES: Readonly<Record<OpenDataKind, Shape>> = {
  phoneNumber: {
    fields: { phoneNumber: text, purePhoneNumber: text, countryCode: { read: readTextOrNumber } },
    mandatory: [['phoneNumber'], ['purePhoneNumber'], ['countryCode']],
  },
  weRunData: { fields: { stepInfoList: { read: readSteps } }, mandatory: [['stepInfoList']] },
  shareInfo: { fields: { openGId: { ...text, aliases: ['opengid'] } }, mandatory: [['openGId']] },
  groupEnterInfo: {
    fields: {
      opengid: { ...text, aliases: ['openGId'] },
      open_single_roomid: text,
      group_openid: text,
      chat_type: integer,
    },
    mandatory: [['opengid', 'open_single_roomid', 'group_openid']],
  },
  // WeChat shows no sample of this plaintext, so the spelling of its key is not relied on.
  privateMessage: {
    fields: { activityId: { ...text, aliases: ['activityid', 'activity_id', 'ActivityId'] } },
    mandatory: [['activityId']],
  },
  userInfo: {
    fields: {
      openId: text,
      nickName: text,
      gender: integer,
      language: text,
      city: text,
      province: text,
      country: text,
      avatarUrl: text,
      unionId: text,
    },
    mandatory: [['nickName']],
  },
}

export const OPEN_DATA_KINDS = Object.keys(SHAPES) as readonly OpenDataKind[] as readonly [
  OpenDataKind,
  ...OpenDataKind[],
]

/** The names that open data of a kind may have at its top, in any spelling. */
export function fieldNamesOf(kind: OpenDataKind): ReadonlySet<string> {
  const { fields } = SHAPES[kind]
  return new Set(Object.entries(fields).flatMap(([name, { aliases = [] }]) => [name, ...aliases]))
}

/** The kind whose mandatory fields are there. Lower-case `opengid` is what group entry sends, `openGId` what sharing does. */
export function recogniseKind(json: Json): OpenDataKind | undefined {
  if (typeof json.opengid === 'string') return 'groupEnterInfo'

  return OPEN_DATA_KINDS.find((kind) =>
    SHAPES[kind].mandatory.every((group) => group.some((name) => readField(json, kind, name) !== undefined)),
  )
}

/**
 * Reads the named fields of a kind.
 *
 * @returns `undefined` when a mandatory field is missing or a named one has the wrong type
 */
export function readOpenData<K extends OpenDataKind>(kind: K, json: Json): OpenDataOf[K] | undefined {
  const { fields, mandatory } = SHAPES[kind]
  const data: Record<string, unknown> = {}
  for (const name of Object.keys(fields)) {
    const value = readField(json, kind, name)
    if (value !== undefined) data[name] = value
    else if (rawField(json, kind, name) !== undefined) return undefined
  }
  const isComplete = mandatory.every((group) => group.some((name) => name in data))
  return isComplete ? (data as OpenDataOf[K]) : undefined
}

const rawField = (json: Json, kind: OpenDataKind, name: string): unknown => {
  const spelling = [name, ...(SHAPES[kind].fields[name]?.aliases ?? [])].find((key) =>
    Object.hasOwn(json, key),
  )
  return spelling === undefined ? undefined : json[spelling]
}

const readField = (json: Json, kind: OpenDataKind, name: string): unknown =>
  SHAPES[kind].fields[name]?.read(rawField(json, kind, name))
