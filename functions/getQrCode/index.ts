import * as z from 'zod/mini'
import { sha256 } from '../../shared/core/digest.ts'
import { inspectImage } from '../../shared/core/image.ts'
import { checkCodePage, checkCodePath } from '../../shared/core/page.ts'
import { invalidArgument, Problem } from '../../shared/core/problem.ts'
import { checkScene } from '../../shared/core/scene.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'
import { integer } from '../../shared/function/fields.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { isStoreAbsent, type Slot } from '../../shared/state/records.ts'
import { createClassicCode } from '../../shared/wechat/endpoints/createClassicCode.ts'
import { getLimitedCode } from '../../shared/wechat/endpoints/getLimitedCode.ts'
import { getUnlimitedCode, type UnlimitedCode } from '../../shared/wechat/endpoints/getUnlimitedCode.ts'

const channel = integer(0, 255)

const input = z.strictObject({
  type: z.optional(z.enum(['unlimited', 'limited', 'classic'])),
  scene: z.optional(z.string()),
  page: z.optional(z.string()),
  path: z.optional(z.string()),
  width: z.optional(integer(280, 1280)),
  autoColor: z.optional(z.boolean()),
  lineColor: z.optional(z.strictObject({ r: channel, g: channel, b: channel })),
  isHyaline: z.optional(z.boolean()),
  envVersion: z.optional(z.enum(['release', 'trial', 'develop'])),
  checkPath: z.optional(z.boolean()),
})

type Input = z.output<typeof input>
type CodeType = NonNullable<Input['type']>

export type GetQrCodeInput = z.input<typeof input>

export type GetQrCodeOutput = {
  readonly contentType: string
  readonly imageBase64: string
  /** The scene that the code carries. */
  readonly scene?: string
  /** Whether the image was made before, for the same parameters. */
  readonly cached: boolean
}

const endpoints = { getUnlimitedCode, getLimitedCode, createClassicCode }

type CodeContext = Context<'user' | 'server', typeof endpoints>
type CodeImage = { readonly contentType: string; readonly imageBase64: string }

/** Codes are permanent, so an image is as good after a month as on the first day. */
const KEEP_MS = 30 * 86_400_000
/** What every store takes in one record, with room for sealing. */
const MAX_STORED_LENGTH = 250_000

/**
 * Makes a mini-program code: `unlimited` with a scene, `limited` or `classic` with a path.
 *
 * Equal parameters are answered from the cache. Limited and classic codes come out of a stock of 100,000 for
 * the life of the mini program, so only servers may ask for them and each is asked for at most once.
 *
 * Fails with `SCENE_INVALID`, `PAGE_INVALID`, `FORBIDDEN`, `QUOTA_EXCEEDED`; for limited and classic codes
 * with `IN_PROGRESS` and `OUTCOME_UNKNOWN`.
 */
export default defineFunction({
  name: 'getQrCode',
  access: ['user', 'server'],
  input,
  uses: endpoints,
  timeoutSeconds: 15,
  image: ({ contentType, imageBase64 }: GetQrCodeOutput) => ({ contentType, imageBase64 }),

  async handle(context, fields): Promise<GetQrCodeOutput> {
    const { type = 'unlimited' } = fields
    if (type !== 'unlimited' && context.caller.kind === 'user') {
      throw new Problem('FORBIDDEN', { field: 'type', reason: 'limited codes are for servers' })
    }
    checkFields(type, fields)

    return type === 'unlimited' ? makeUnlimited(context, fields) : makeFromStock(context, type, fields)
  },
})

/** The fields that each type has no use for. A field that would be ignored is refused. */
const FOREIGN: Readonly<Record<CodeType, readonly (keyof Input)[]>> = {
  unlimited: ['path'],
  limited: ['scene', 'page', 'checkPath'],
  classic: ['scene', 'page', 'checkPath', 'autoColor', 'lineColor', 'isHyaline', 'envVersion'],
}

const MAX_PATH_LENGTH = { limited: 1024, classic: 128 }

function checkFields(type: CodeType, fields: Input): void {
  const foreign = FOREIGN[type].find((name) => fields[name] !== undefined)
  if (foreign) throw invalidArgument(foreign, `is not a field of ${type} codes`)

  if (type !== 'unlimited') {
    if (fields.path === undefined) throw invalidArgument('path', 'is missing')
    checkCodePath(fields.path, MAX_PATH_LENGTH[type])
    return
  }
  if (fields.scene === undefined) throw invalidArgument('scene', 'is missing')
  checkScene(fields.scene)
  if (fields.page !== undefined) checkCodePage(fields.page)
}

async function makeUnlimited(context: CodeContext, fields: Input): Promise<GetQrCodeOutput> {
  const { type: _default, path: _foreign, scene = '', ...options } = fields
  const code: UnlimitedCode = { scene, ...options }
  const slot = await readCache(context, hashOf('unlimited', code))
  if (slot?.value) return { ...slot.value, scene, cached: true }

  const image = encode(await context.wechat.getUnlimitedCode(code))
  if (slot) await writeCache(context, slot, image)
  return { ...image, scene, cached: false }
}

/** A code that nobody knows the fate of may be asked for again by a later request: it costs one of the stock. */
async function makeFromStock(
  context: CodeContext,
  type: 'limited' | 'classic',
  fields: Input,
): Promise<GetQrCodeOutput> {
  const { records, clock, wechat, requestId, deadlineAtMs } = context
  const { type: _type, scene: _scene, page: _page, checkPath: _checkPath, path = '', ...options } = fields
  const payload = { path, ...options }
  const { answer, repeated } = await runOnce(
    { records, clock },
    {
      id: `getQrCode:${hashOf(type, payload)}`,
      payload,
      requestId,
      deadlineAtMs,
      keepMs: KEEP_MS,
      mayBeRetried: true,
    },
    async () =>
      encode(
        type === 'limited' ? await wechat.getLimitedCode(payload) : await wechat.createClassicCode(payload),
      ),
  )
  return { ...answer, cached: repeated }
}

const hashOf = (type: CodeType, code: object): string =>
  sha256(JSON.stringify([type, Object.entries(code).sort(([a], [b]) => (a < b ? -1 : 1))])).toString(
    'base64url',
  )

const encode = (image: Uint8Array): CodeImage => ({
  contentType: inspectImage(image)?.contentType ?? 'application/octet-stream',
  imageBase64: Buffer.from(image).toString('base64'),
})

/** The cache saves a request. Without a store there is none, and the code is made all the same. */
async function readCache(context: CodeContext, id: string): Promise<Slot<CodeImage> | undefined> {
  try {
    return await context.records.read<CodeImage>('qrCode', id)
  } catch (thrown) {
    return withoutStore(thrown)
  }
}

async function writeCache(
  { records, clock }: CodeContext,
  slot: Slot<CodeImage>,
  image: CodeImage,
): Promise<void> {
  if (image.imageBase64.length > MAX_STORED_LENGTH) return

  await records.write(slot, image, clock.nowMs() + KEEP_MS).catch(withoutStore)
}

function withoutStore(thrown: unknown): undefined {
  if (!isStoreAbsent(thrown)) throw thrown
}
