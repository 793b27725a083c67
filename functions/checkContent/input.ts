import * as z from 'zod/mini'
import { invalidArgument } from '../../shared/core/problem.ts'
import { integer, text, wechatId } from '../../shared/function/fields.ts'

const shortText = text({ maxLength: 500 })

export const input = z.strictObject({
  type: z.enum(['text', 'image', 'audio']),
  scene: integer(1, 4),
  content: z.optional(text()),
  title: z.optional(shortText),
  nickname: z.optional(shortText),
  signature: z.optional(shortText),
  imageBase64: z.optional(text()),
  mediaUrl: z.optional(z.string()),
  fileID: z.optional(text({ pattern: /^cloud:\/\/[A-Za-z0-9_-]+\.[^\s/]+\/\S+$/, maxLength: 1024 })),
  openid: z.optional(wechatId()),
})

export type Input = z.output<typeof input>

export type CheckContentInput = z.input<typeof input>

/** What can be judged of each type, one of which must be there. */
const SUBJECTS = {
  text: ['content'],
  image: ['imageBase64', 'mediaUrl', 'fileID'],
  audio: ['mediaUrl', 'fileID'],
} as const satisfies Record<Input['type'], readonly (keyof Input)[]>

const ALL_SUBJECTS = ['content', 'imageBase64', 'mediaUrl', 'fileID'] as const
const TEXT_DETAILS = ['title', 'nickname', 'signature'] as const

/** @throws Problem `INVALID_ARGUMENT` for fields that do not go together */
export function checkFields(fields: Input): void {
  const allowed: readonly string[] = SUBJECTS[fields.type]
  const [first, second] = ALL_SUBJECTS.filter((name) => fields[name] !== undefined)
  if (first === undefined) throw invalidArgument(SUBJECTS[fields.type][0], 'is missing')
  if (!allowed.includes(first)) throw invalidArgument(first, `is not for type ${fields.type}`)
  if (second !== undefined) throw invalidArgument(second, `is given beside ${first}`)

  const detail = TEXT_DETAILS.find((name) => fields[name] !== undefined)
  if (detail && fields.type !== 'text') throw invalidArgument(detail, 'is for type text')
  if (fields.signature !== undefined && fields.scene !== 1)
    throw invalidArgument('signature', 'is for scene 1')
}
