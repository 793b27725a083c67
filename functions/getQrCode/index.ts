import { sha256Base64Url } from '../../shared/core/digest.ts'
import { Problem } from '../../shared/core/problem.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { spendLimitedCode } from '../../shared/state/limitedCodeStock.ts'
import type { Slot } from '../../shared/state/records.ts'
import { findSceneHandle, keepSceneParams } from '../../shared/state/scenes.ts'
import type { Spending } from '../../shared/state/spending.ts'
import { createClassicCode } from '../../shared/wechat/endpoints/createClassicCode.ts'
import { getLimitedCode } from '../../shared/wechat/endpoints/getLimitedCode.ts'
import { getUnlimitedCode } from '../../shared/wechat/endpoints/getUnlimitedCode.ts'
import { makeWithinBudget } from './budget.ts'
import { readCache, writeCache } from './cache.ts'
import { type Code, type CodeImage, toCodeImage } from './code.ts'
import { fitIntoReply, fitsReply } from './fitIntoReply.ts'
import { base64LengthOf, type KeptImage, keepImage, readImage } from './imageParts.ts'
import { type CodeType, checkFields, type Input, input } from './input.ts'

export type { GetQrCodeInput } from './input.ts'

export type GetQrCodeOutput = {
  readonly contentType: string
  readonly imageBase64?: string
  /** In place of an image that is larger than a reply: where it is in CloudBase's storage. */
  readonly fileID?: string
  /** The scene that the code carries. */
  readonly scene?: string
  /** Whether the code was made before, for the same parameters. */
  readonly cached: boolean
}

const endpoints = { getUnlimitedCode, getLimitedCode, createClassicCode }

type CodeContext = Context<'user' | 'server', typeof endpoints>

/**
 * Makes a mini-program code: `unlimited` with a scene, `limited` or `classic` with a path. In place of a scene
 * `params` may be given: an object that is kept for good, and that `resolveScene` tells whoever scans the code.
 *
 * Equal parameters are answered from the cache. What is made for a user counts in a budget of the day, as long
 * as there is a store to count in. Limited and classic codes come out of a stock of 100,000 for the life of
 * the mini program, so only servers may ask for them, each is entered in a ledger before WeChat is asked, a
 * lost answer is never followed by another request, and the image is kept for good.
 *
 * Fails with `SCENE_INVALID`, `PAGE_INVALID`, `FORBIDDEN`, `QUOTA_EXCEEDED`; for limited and classic codes
 * with `IN_PROGRESS` and `OUTCOME_UNKNOWN`; for an image that is larger than a reply with `CONFIG_ERROR` where
 * there is no storage to put it.
 */
export default defineFunction({
  name: 'getQrCode',
  access: ['user', 'server'],
  input,
  uses: endpoints,
  timeoutSeconds: 15,
  image: ({ contentType, imageBase64 }: GetQrCodeOutput) =>
    imageBase64 === undefined ? undefined : { contentType, imageBase64 },

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
  const { records, wechat } = context
  const { type: _default, path: _foreign, scene: given, params = {}, ...options } = fields
  const idOf = (scene: string) => hashOf('unlimited', { scene, ...withoutDefaults(options) })
  const known = given ?? (await findSceneHandle(records, params))
  const slot = known ? await readCache(context, idOf(known)) : undefined
  if (known && slot?.value) {
    return { ...(await fitAndCache(context, slot, slot.value)), scene: known, cached: true }
  }
  const { scene, image } = await makeWithinBudget(context, {
    needsState: known === undefined,
    async make() {
      const scene = known ?? (await keepSceneParams(context, params))
      return { scene, image: toCodeImage(await wechat.getUnlimitedCode({ scene, ...options })) }
    },
  })
  const place = known ? slot : records.empty<Code>('qrCode', idOf(scene))
  return { ...(await fitAndCache(context, place, image)), scene, cached: false }
}

/** A code that nobody knows the fate of may be asked for again by a later request: it costs one of the stock. */
async function makeFromStock(
  context: CodeContext,
  type: 'limited' | 'classic',
  fields: Input,
): Promise<GetQrCodeOutput> {
  const { records, clock, config, wechat, requestId, deadlineAtMs } = context
  const stock = config.limitedCodeStock
  const { path = '', width, autoColor, lineColor, isHyaline, envVersion } = fields
  const options = { width, autoColor, lineColor, isHyaline, envVersion }
  const payload = { path, ...withoutDefaults(options) }
  const id = hashOf(type, payload)
  let made: CodeImage | undefined
  const { answer: kept, repeated } = await runOnce<KeptImage>(
    { records, clock },
    {
      id: `getQrCode:${id}`,
      payload,
      requestId,
      deadlineAtMs,
      mayBeRetried: true,
      spend: () => spendFromStock(context, stock),
    },
    async () => {
      made = toCodeImage(
        type === 'limited'
          ? await wechat.getLimitedCode({ path, ...options })
          : await wechat.createClassicCode({ path, width }),
      )
      return keepImage(records, made)
    },
  )
  const fits = fitsReply(context, base64LengthOf(kept))
  const slot = fits ? undefined : await readCache(context, id)
  const code = slot?.value ?? made ?? (await readImage(records, kept))
  return { ...(await fitAndCache(context, slot, code)), cached: repeated }
}

/** What goes into the reply is what equal parameters get from now on. */
async function fitAndCache(context: CodeContext, slot: Slot<Code> | undefined, code: Code): Promise<Code> {
  const fitting = await fitIntoReply(context, code)
  if (slot && fitting !== slot.value) await writeCache(context, slot, fitting)
  return fitting
}

/** In the last tenth of the stock every line of the log says how much is left. */
async function spendFromStock({ records, warn }: CodeContext, stock: number): Promise<Spending> {
  const { left, ...spending } = await spendLimitedCode(records, stock)
  if (left <= stock / 10) warn('the stock of limited codes runs out', { limitedCodesLeft: left })
  return spending
}

const hashOf = (type: CodeType, code: object): string => sha256Base64Url(JSON.stringify([type, code]))

const DEFAULTS = {
  width: 430,
  autoColor: false,
  lineColor: { r: 0, g: 0, b: 0 },
  isHyaline: false,
  envVersion: 'release',
  checkPath: true,
} as const

/** Two codes are the same when they differ only in whether WeChat's defaults were spelled out. */
function withoutDefaults<T extends object>(options: T): T {
  const isDefault = (name: string, value: unknown) =>
    JSON.stringify(DEFAULTS[name as keyof typeof DEFAULTS]) === JSON.stringify(value)
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !isDefault(name, value))) as T
}
