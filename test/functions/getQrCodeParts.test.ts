import { describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import { invoke } from '../../shared/function/invoke.ts'
import { stateKeys } from '../support/keyRing.ts'
import { createStoppable } from '../support/stoppable.ts'
import { codeOf, dataOf, SERVER } from '../support/world.ts'
import type { StoreFault } from './faults/storeWithFaults.ts'
import { createLargeWorld, LIMITED, LIMITED_PATH, UNLIMITED, UNLIMITED_PATH } from './largeCodes.ts'

const KB = 1024
/** Three records hold it. */
const BYTES = 450 * KB
/** Beyond every lease. */
const BEYOND_LEASES_MS = 60_000
const YEAR_MS = 365 * 86_400_000

const createStockWorld = async (...[bytes, environment]: Parameters<typeof createLargeWorld>) => {
  const large = await createLargeWorld(bytes, environment)
  return {
    ...large,
    take: (requestId?: string) => large.make(LIMITED, requestId === undefined ? {} : { requestId }, SERVER),
    taken: () => large.accepted(LIMITED_PATH),
  }
}

describe('a limited code that is larger than a record', () => {
  test('is taken from the stock once, and told the same to everybody after a restart', async () => {
    const { world, take, taken, scan, imageBase64 } = await createStockWorld(BYTES)
    const first = dataOf(await take())
    expect(first).toEqual({ contentType: 'image/jpeg', imageBase64, cached: false })

    world.restart()
    const second = dataOf(await take())

    expect(second).toEqual({ ...first, cached: true })
    expect(scan(second)).toEqual({ path: 'pages/index/index' })
    expect(taken()).toBe(1)
  })

  test.each([
    ['just one record', 186_750],
    ['one byte more', 186_751],
    ['two records exactly', 373_500],
    ['as much as WeChat answers', 8 * 1024 * KB],
  ])('of %s is told whole again', async (_, bytes) => {
    const { make, taken, imageBase64 } = await createStockWorld(bytes)
    const roomy = { maxReplyBytes: 16 * 1024 * KB }
    dataOf(await make(LIMITED, roomy, SERVER))

    expect(dataOf(await make(LIMITED, roomy, SERVER))).toMatchObject({ imageBase64, cached: true })
    expect(taken()).toBe(1)
  })

  test('is kept for good', async () => {
    const { clock, take, taken, imageBase64 } = await createStockWorld(BYTES)
    dataOf(await take())

    clock.advance(20 * YEAR_MS)

    expect(dataOf(await take())).toMatchObject({ imageBase64, cached: true })
    expect(taken()).toBe(1)
  })

  test('is asked for by thirty-two servers at once and taken once', async () => {
    const { take, taken } = await createStockWorld(BYTES)

    const codes = (await Promise.all(Array.from({ length: 32 }, () => take()))).map(codeOf)

    expect(codes.filter((code) => code !== 'OK' && code !== 'IN_PROGRESS')).toEqual([])
    expect(taken()).toBe(1)
    expect(dataOf(await take())).toMatchObject({ cached: true })
  })

  test('takes one write for each record, and one read when it is asked for again', async () => {
    const { store, take } = await createStockWorld(BYTES)

    await take()
    expect(store.operations).toEqual([
      'putIfAbsent effect',
      'get limitedCodes',
      'putIfAbsent limitedCodes',
      'putIfAbsent qrCode',
      'putIfAbsent qrCode',
      'putIfAbsent qrCode',
      'compareAndSet effect',
    ])

    store.heal()
    await take()
    expect(store.operations).toEqual([
      'putIfAbsent effect',
      'get effect',
      'get qrCode',
      'get qrCode',
      'get qrCode',
    ])
  })

  test('is told under the keys of before, and not taken again when these were retired', async () => {
    const { world, take, taken, imageBase64 } = await createStockWorld(BYTES, {
      STATE_KEYS: stateKeys('k1'),
    })
    await take()

    world.restart({ STATE_KEYS: stateKeys('k2', 'k1') })
    expect(dataOf(await take())).toMatchObject({ imageBase64, cached: true })

    world.restart({ STATE_KEYS: stateKeys('k2') })
    expect(codeOf(await take())).toBe('CONFIG_ERROR')
    expect(taken()).toBe(1)
  })

  test('of which a part cannot be read is not taken again', async () => {
    const { world, store, take, taken } = await createStockWorld(BYTES)
    await take()
    await store.spoil('qrCode', () => 'garbage')
    world.restart()

    expect(await take()).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') },
    })
    expect(taken()).toBe(1)
  })
})

test('an image of which a part is gone is neither told in pieces nor taken again', async () => {
  const { store, list, take, taken } = await createStockWorld(BYTES)
  await take()
  const [key = ''] = await list('qrCode')
  const { version = '' } = (await store.get(key)) ?? {}
  await store.deleteIf(key, version)

  expect(codeOf(await take())).toBe('INTERNAL')

  expect(taken()).toBe(1)
})

describe('an unlimited code that is larger than a record', () => {
  test('is made anew each time, because there is no limit to them', async () => {
    const { store, make, asked, imageBase64 } = await createLargeWorld(BYTES)
    await make()

    expect(dataOf(await make())).toMatchObject({ imageBase64, cached: false })

    expect(asked(UNLIMITED_PATH)).toBe(2)
    expect(store.operations).not.toContain('putIfAbsent qrCode')
  })

  test('is made once where it goes into the storage', async () => {
    const { make, asked } = await createLargeWorld(BYTES)
    const small = { maxReplyBytes: 100 * KB }
    await make(UNLIMITED, small)

    expect(dataOf(await make(UNLIMITED, small))).toMatchObject({ cached: true })
    expect(asked(UNLIMITED_PATH)).toBe(1)
  })
})

describe('when the store fails at a limited code that is larger than a record', () => {
  const PARTS = [3, 4, 5]

  test.each(
    PARTS.flatMap((at) => (['down', 'throttled', 'answerLost'] as const).map((f) => [f, at] as const)),
  )('with %s at operation %i, the image is answered all the same', async (fault: StoreFault, at) => {
    const { store, take, taken, imageBase64 } = await createStockWorld(BYTES)
    store.strike(fault, at)

    expect(dataOf(await take('first'))).toMatchObject({ imageBase64, cached: false })

    store.heal()
    expect(['IN_PROGRESS', 'OUTCOME_UNKNOWN']).toContain(codeOf(await take('first')))
    expect(taken()).toBe(1)
  })

  test('what is not kept may be taken anew, and is kept then', async () => {
    const { store, take, taken } = await createStockWorld(BYTES)
    store.strike('answerLost', 4)
    await take('first')
    store.heal()

    expect(dataOf(await take('second'))).toMatchObject({ cached: false })
    expect(dataOf(await take('third'))).toMatchObject({ cached: true })
    expect(taken()).toBe(2)
  })
})

test('a process that is killed at any point has taken one code at most, and a repeat is told the truth', async () => {
  const names: string[] = []
  for (;;) {
    const { world, clock, take, taken, imageBase64 } = await createStockWorld(BYTES)
    const process = createStoppable(names.length)
    const call = { origin: SERVER, input: { value: LIMITED }, requestId: 'first' }
    const first = invoke(getQrCode, call, world.boot(process.wrap))
    await Promise.race([first, process.stopped])
    if (process.stoppedAt === undefined) break
    names.push(process.stoppedAt)

    world.restart()
    await take('first')
    clock.advance(BEYOND_LEASES_MS)
    const reply = await take('first')

    expect(['OK', 'OUTCOME_UNKNOWN']).toContain(codeOf(reply))
    expect(taken()).toBeLessThanOrEqual(1)
    if (reply.ok) expect(reply.data).toMatchObject({ imageBase64, cached: true })
  }
  expect(names.filter((name) => name.endsWith('putIfAbsent qrCode'))).toHaveLength(6)
  expect(names).toContain('after compareAndSet effect')
}, 120_000)
