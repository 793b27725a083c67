import { sha256Base64Url } from '../../shared/core/digest.ts'
import { inspectImage } from '../../shared/core/image.ts'
import { Problem } from '../../shared/core/problem.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { spendLimitedCode } from '../../shared/state/limitedCodeStock.ts'
import type { Spending } from '../../shared/state/spending.ts'
import { createClassicCode } from '../../shared/wechat/endpoints/createClassicCode.ts'
import { getLimitedCode } from '../../shared/wechat/endpoints/getLimitedCode.ts'
import { getUnlimitedCode, type UnlimitedCode } from '../../shared/wechat/endpoints/getUnlimitedCode.ts'
import { spendUserCode } from './budget.ts'
import { type CodeImage, readCache, writeCache } from './cache.ts'
import { type CodeType, checkFields, type Input, input } from './input.ts'

export type { GetQrCodeInput } from './input.ts'

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

/**
 * Makes a mini-program code: `unlimited` with a scene, `limited` or `classic` with a path.
 *
 * Equal parameters are answered from the cache. What is made for a user counts in a budget of the day, as long
 * as there is a store to count in. Limited and classic codes come out of a stock of 100,000 for the life of
 * the mini program, so only servers may ask for them, each is entered in a ledger before WeChat is asked, a
 * lost answer is never followed by another request, and the image is kept for good unless it is larger than a
 * record.
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

async function makeUnlimited(context: CodeContext, fields: Input): Promise<GetQrCodeOutput> {
  const { type: _default, path: _foreign, scene = '', ...options } = fields
  const code: UnlimitedCode = { scene, ...options }
  const slot = await readCache(context, hashOf('unlimited', code))
  if (slot?.value) return { ...slot.value, scene, cached: true }

  const spending = await spendUserCode(context)
  const made = await context.wechat.getUnlimitedCode(code).catch(async (thrown: unknown) => {
    if (thrown instanceof Problem) await spending?.giveBack(thrown)
    throw thrown
  })
  const image = encode(made)
  if (slot) await writeCache(context, slot, image)
  return { ...image, scene, cached: false }
}

/** A code that nobody knows the fate of may be asked for again by a later request: it costs one of the stock. */
async function makeFromStock(
  context: CodeContext,
  type: 'limited' | 'classic',
  fields: Input,
): Promise<GetQrCodeOutput> {
  const { records, clock, config, wechat, requestId, deadlineAtMs } = context
  const stock = config.limitedCodeStock
  const { type: _type, scene: _scene, page: _page, checkPath: _checkPath, path = '', ...options } = fields
  const payload = { path, ...options }
  const { answer, repeated } = await runOnce(
    { records, clock },
    {
      id: `getQrCode:${hashOf(type, payload)}`,
      payload,
      requestId,
      deadlineAtMs,
      mayBeRetried: true,
      spend: () => spendFromStock(context, stock),
    },
    async () =>
      encode(
        type === 'limited' ? await wechat.getLimitedCode(payload) : await wechat.createClassicCode(payload),
      ),
  )
  return { ...answer, cached: repeated }
}

/** In the last tenth of the stock every line of the log says how much is left. */
async function spendFromStock({ records, warn }: CodeContext, stock: number): Promise<Spending> {
  const { left, ...spending } = await spendLimitedCode(records, stock)
  if (left <= stock / 10) warn('the stock of limited codes runs out', { limitedCodesLeft: left })
  return spending
}

const hashOf = (type: CodeType, code: object): string => sha256Base64Url(JSON.stringify([type, code]))

const encode = (image: Uint8Array): CodeImage => ({
  contentType: inspectImage(image)?.contentType ?? 'application/octet-stream',
  imageBase64: Buffer.from(image).toString('base64'),
})
