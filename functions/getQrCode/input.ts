import * as z from 'zod/mini'
import { canonicalJson } from '../../shared/core/canonicalJson.ts'
import { checkCodePage, checkCodePath } from '../../shared/core/page.ts'
import { invalidArgument } from '../../shared/core/problem.ts'
import { checkScene } from '../../shared/core/scene.ts'
import { integer } from '../../shared/function/fields.ts'

const channel = integer(0, 255)

export const input = z.strictObject({
  type: z.optional(z.enum(['unlimited', 'limited', 'classic'])),
  scene: z.optional(z.string()),
  params: z.optional(z.looseObject({})),
  page: z.optional(z.string()),
  path: z.optional(z.string()),
  width: z.optional(integer(280, 1280)),
  autoColor: z.optional(z.boolean()),
  lineColor: z.optional(z.strictObject({ r: channel, g: channel, b: channel })),
  isHyaline: z.optional(z.boolean()),
  envVersion: z.optional(z.enum(['release', 'trial', 'develop'])),
  checkPath: z.optional(z.boolean()),
})

export type Input = z.output<typeof input>
export type CodeType = NonNullable<Input['type']>

export type GetQrCodeInput = z.input<typeof input>

/** The fields that each type has no use for. A field that would be ignored is refused. */
const FOREIGN: Readonly<Record<CodeType, readonly (keyof Input)[]>> = {
  unlimited: ['path'],
  limited: ['scene', 'params', 'page', 'checkPath'],
  classic: ['scene', 'params', 'page', 'checkPath', 'autoColor', 'lineColor', 'isHyaline', 'envVersion'],
}

const MAX_PATH_LENGTH = { limited: 1024, classic: 128 }
const MAX_PARAMS_BYTES = 4096

/** @throws Problem `INVALID_ARGUMENT`, `SCENE_INVALID`, `PAGE_INVALID` */
export function checkFields(type: CodeType, fields: Input): void {
  const foreign = FOREIGN[type].find((name) => fields[name] !== undefined)
  if (foreign) throw invalidArgument(foreign, `is not a field of ${type} codes`)

  if (type !== 'unlimited') {
    if (fields.path === undefined) throw invalidArgument('path', 'is missing')
    checkCodePath(fields.path, MAX_PATH_LENGTH[type])
    return
  }
  if (fields.params !== undefined) checkParams(fields)
  else if (fields.scene === undefined) throw invalidArgument('scene', 'is missing, and so is params')
  else checkScene(fields.scene)
  if (fields.page !== undefined) checkCodePage(fields.page)
}

function checkParams({ params, scene }: Input): void {
  if (scene !== undefined) throw invalidArgument('params', 'cannot be given together with scene')
  if (Buffer.byteLength(canonicalJson(params)) > MAX_PARAMS_BYTES)
    throw invalidArgument('params', `is over its maximum of ${MAX_PARAMS_BYTES} bytes of JSON`)
}
