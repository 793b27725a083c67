import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import { Problem } from '../../shared/core/problem.ts'
import { toCloudBase } from '../../shared/platform/cloudbase/adapter.ts'
import { cloud } from '../../shared/platform/cloudbase/cloud.ts'
import { toLambda } from '../../shared/platform/lambda/adapter.ts'
import { accessEvent, attestedFor } from '../hosts/support/cloudBaseCalls.ts'
import { payload2 } from '../hosts/support/gatewayEvents.ts'
import { withEnvironment } from '../support/cloudBaseContext.ts'
import { type FakeCloudBase, startFakeCloudBase, storageError } from '../support/fakeCloudBase.ts'
import { codeOf, createWorld, dataOf, SERVER, SERVER_KEY } from '../support/world.ts'
import {
  codeOfBytes,
  createLargeWorld,
  LIMITED,
  LIMITED_PATH,
  NO_STORAGE,
  pathOf,
  UNLIMITED,
  UNLIMITED_PATH,
} from './largeCodes.ts'

const KB = 1024
const MB = 1024 * KB
/** What an image needs in a reply beside its base64. */
const ENVELOPE = 1024
const SMALL_REPLY = { maxReplyBytes: 100 * KB }

describe('an image that is larger than a reply', () => {
  test('is put into the storage, and the reply says where', async () => {
    const { make, image, storage } = await createLargeWorld(90 * KB)

    const data = dataOf(await make(UNLIMITED, SMALL_REPLY))

    expect(data).toEqual({
      contentType: 'image/jpeg',
      fileID: `cloud://env.bucket/${pathOf(image)}`,
      scene: 'table-7',
      cached: false,
    })
    expect(storage.fileOf(data.fileID)).toEqual(image)
  })

  test('is made and stored once for equal parameters, and found there after a restart', async () => {
    const { world, make, storage, asked } = await createLargeWorld(90 * KB)
    const first = dataOf(await make(UNLIMITED, SMALL_REPLY))

    world.restart()

    expect(dataOf(await make(UNLIMITED, SMALL_REPLY))).toEqual({ ...first, cached: true })
    expect(dataOf(await make(UNLIMITED))).toEqual({ ...first, cached: true })
    expect(storage.saved).toHaveLength(1)
    expect(asked(UNLIMITED_PATH)).toBe(1)
  })

  test('is one file for all codes that look alike', async () => {
    const { make, storage } = await createLargeWorld(90 * KB)
    const first = dataOf(await make(UNLIMITED, SMALL_REPLY))
    const second = dataOf(await make({ ...UNLIMITED, checkPath: false }, SMALL_REPLY))

    expect(second.fileID).toBe(first.fileID)
    expect(new Set(storage.saved).size).toBe(1)
  })

  test('is stored without being made again when others could be told it whole', async () => {
    const { make, storage, asked, imageBase64 } = await createLargeWorld(90 * KB)
    expect(dataOf(await make())).toMatchObject({ imageBase64, cached: false })

    const file = dataOf(await make(UNLIMITED, SMALL_REPLY))

    expect(file).toMatchObject({ fileID: expect.any(String), cached: true })
    expect(dataOf(await make(UNLIMITED, SMALL_REPLY))).toEqual(file)
    expect(storage.saved).toHaveLength(1)
    expect(asked(UNLIMITED_PATH)).toBe(1)
  })

  test('is stored without a store as well', async () => {
    const { store, make, storage } = await createLargeWorld(90 * KB)
    store.strike('down', 0)

    expect(dataOf(await make(UNLIMITED, SMALL_REPLY))).toMatchObject({ cached: false })

    expect(storage.saved).toHaveLength(1)
  })

  test.each([
    ['room for it, is told whole', 0, 'imageBase64'],
    ['one byte too little, is stored', -1, 'fileID'],
  ])('and for which a reply has just %s', async (_, more, field) => {
    const { make, imageBase64 } = await createLargeWorld(90 * KB)
    const maxReplyBytes = imageBase64.length + ENVELOPE + more

    expect(dataOf(await make(UNLIMITED, { maxReplyBytes }))).toHaveProperty(field)
  })

  test('has a handle and parameters as every code', async () => {
    const { make } = await createLargeWorld(90 * KB)
    const first = dataOf(await make({ params: { table: 7 } }, SMALL_REPLY))

    expect(first).toMatchObject({ scene: expect.stringMatching(/^[\w-]{22}$/), fileID: expect.any(String) })
    expect(dataOf(await make({ params: { table: 7 } }, SMALL_REPLY))).toEqual({ ...first, cached: true })
  })
})

describe('when the storage fails', () => {
  test.each([
    ['UPSTREAM_UNAVAILABLE', true],
    ['UPSTREAM_TIMEOUT', true],
  ] as const)('with %s the call does, and nothing is cached', async (code, retryable) => {
    const { make, storage, asked } = await createLargeWorld(90 * KB)
    storage.problem = new Problem(code)
    expect(await make(UNLIMITED, SMALL_REPLY)).toMatchObject({ error: { code, retryable } })

    storage.problem = undefined

    expect(dataOf(await make(UNLIMITED, SMALL_REPLY))).toMatchObject({ cached: false })
    expect(asked(UNLIMITED_PATH)).toBe(2)
  })

  test('the code that was made counts for the user', async () => {
    const { make, storage } = await createLargeWorld(90 * KB, { USER_CODES_PER_DAY: '1' })
    storage.problem = new Problem('UPSTREAM_UNAVAILABLE')
    await make(UNLIMITED, SMALL_REPLY)

    expect(codeOf(await make(UNLIMITED, SMALL_REPLY))).toBe('QUOTA_EXCEEDED')
  })
})

describe('where there is no storage', () => {
  test('the reply says how large the image is, and what to do', async () => {
    const { make, storage } = await createLargeWorld(90 * KB)
    storage.problem = NO_STORAGE

    expect(await make(UNLIMITED, SMALL_REPLY)).toEqual({
      ok: false,
      error: {
        code: 'CONFIG_ERROR',
        message:
          'The image has 92160 bytes, more than a reply carries: ask for a smaller width. ' +
          'Storage for files is there on CloudBase only.',
        retryable: false,
        requestId: expect.any(String),
      },
    })
  })

  test('an image that fits is answered all the same', async () => {
    const { make, storage } = await createLargeWorld(70 * KB)
    storage.problem = NO_STORAGE

    expect(dataOf(await make(UNLIMITED, SMALL_REPLY))).toHaveProperty('imageBase64')
  })
})

describe('a limited code that is larger than a reply', () => {
  test('costs one of the stock, however often and wherever it is asked for', async () => {
    const { world, make, storage, image, accepted } = await createLargeWorld(400 * KB)
    const first = dataOf(await make(LIMITED, SMALL_REPLY, SERVER))
    expect(first).toEqual({
      contentType: 'image/jpeg',
      fileID: `cloud://env.bucket/${pathOf(image)}`,
      cached: false,
    })

    world.restart()

    expect(dataOf(await make(LIMITED, SMALL_REPLY, SERVER))).toEqual({ ...first, cached: true })
    expect(storage.saved).toHaveLength(1)
    expect(accepted(LIMITED_PATH)).toBe(1)
  })

  test.each([
    ['fails', new Problem('UPSTREAM_UNAVAILABLE'), 'UPSTREAM_UNAVAILABLE'],
    ['is missing', NO_STORAGE, 'CONFIG_ERROR'],
  ])('costs one of the stock when the storage %s at first', async (_, problem, code) => {
    const { make, storage, accepted, imageBase64 } = await createLargeWorld(400 * KB)
    storage.problem = problem
    expect(codeOf(await make(LIMITED, SMALL_REPLY, SERVER))).toBe(code)
    expect(codeOf(await make(LIMITED, SMALL_REPLY, SERVER))).toBe(code)

    expect(dataOf(await make(LIMITED, {}, SERVER))).toMatchObject({ imageBase64, cached: true })
    storage.problem = undefined
    expect(dataOf(await make(LIMITED, SMALL_REPLY, SERVER))).toMatchObject({
      fileID: expect.any(String),
      cached: true,
    })
    expect(accepted(LIMITED_PATH)).toBe(1)
  })

  test('is told whole to whoever can be told so, and stored anew when it has not been asked for in 30 days', async () => {
    const { clock, make, storage, accepted, imageBase64 } = await createLargeWorld(400 * KB)
    const first = dataOf(await make(LIMITED, SMALL_REPLY, SERVER))
    expect(dataOf(await make(LIMITED, {}, SERVER))).toMatchObject({ imageBase64, cached: true })

    clock.advance(31 * 86_400_000)

    expect(dataOf(await make(LIMITED, SMALL_REPLY, SERVER))).toEqual({ ...first, cached: true })
    expect(storage.saved).toEqual([storage.saved[0], storage.saved[0]])
    expect(accepted(LIMITED_PATH)).toBe(1)
  })
})

describe('on CloudBase', () => {
  const headers = { authorization: `Bearer ${SERVER_KEY}` }

  async function createHandler(bytes: number) {
    const large = await createLargeWorld(bytes)
    const handler = toCloudBase(getQrCode, () => large.world.runtime)
    const alice = withEnvironment(attestedFor(large.world.simulator.phone('alice')))
    return { ...large, handler, alice }
  }

  test('an image beyond the megabyte of a callFunction goes through the storage', async () => {
    const { handler, alice, image } = await createHandler(790 * KB)

    const reply = await handler(UNLIMITED, alice)

    expect(reply).toMatchObject({ ok: true, data: { fileID: `cloud://env.bucket/${pathOf(image)}` } })
  })

  test('so it does for another function', async () => {
    const { handler } = await createHandler(790 * KB)
    const byFunction = withEnvironment({ TCB_SOURCE: 'scf' })

    expect(await handler(UNLIMITED, byFunction)).toMatchObject({ data: { fileID: expect.any(String) } })
  })

  test('the largest image of a callFunction fits into it', async () => {
    const { handler, alice, imageBase64 } = await createHandler(785_664)

    const reply = await handler(UNLIMITED, alice)

    expect(reply).toMatchObject({ ok: true, data: { imageBase64 } })
    expect(JSON.stringify(reply).length).toBeLessThanOrEqual(MB)
  })

  test('HTTP carries six times as much, as bytes or in JSON', async () => {
    const { handler, imageBase64, storage } = await createHandler(4 * MB)

    const asBytes = await handler(accessEvent(UNLIMITED, { ...headers, accept: 'image/*' }), {})
    const asJson = await handler(accessEvent(UNLIMITED, headers), {})

    expect(asBytes).toMatchObject({ statusCode: 200, body: imageBase64, isBase64Encoded: true })
    expect(JSON.parse((asJson as { body: string }).body)).toMatchObject({ data: { imageBase64 } })
    expect(storage.saved).toEqual([])
  })

  test.each(['image/*', 'application/json'])(
    'beyond that the reply is JSON with a file, whatever is accepted: %s',
    async (accept) => {
      const { handler } = await createHandler(5 * MB)

      const response = (await handler(accessEvent(UNLIMITED, { ...headers, accept }), {})) as {
        headers: object
        body: string
      }

      expect(response).toMatchObject({
        statusCode: 200,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        isBase64Encoded: false,
      })
      expect(JSON.parse(response.body)).toMatchObject({ ok: true, data: { fileID: expect.any(String) } })
    },
  )
})

describe('on Lambda', () => {
  const MAX_RESPONSE_BYTES = 6 * MB
  const headers = { authorization: `Bearer ${SERVER_KEY}` }

  async function createHandler(bytes: number) {
    const large = await createLargeWorld(bytes)
    large.storage.problem = NO_STORAGE
    return { ...large, handler: toLambda(getQrCode, () => large.world.runtime) }
  }

  const eventOf = (accept: string) =>
    payload2('getQrCode', { headers: { ...headers, accept }, body: JSON.stringify(UNLIMITED) })

  test.each(['image/*', 'application/json'])(
    'the largest image makes a response that Lambda carries: %s',
    async (accept) => {
      const { handler } = await createHandler(4_717_824)

      const response = await handler(eventOf(accept))

      expect(response).toMatchObject({ statusCode: 200 })
      expect(JSON.stringify(response).length).toBeGreaterThan(MAX_RESPONSE_BYTES - 2 * KB)
      expect(JSON.stringify(response).length).toBeLessThanOrEqual(MAX_RESPONSE_BYTES)
    },
  )

  test.each(['image/*', 'application/json'])(
    'a larger one is an error that says so, before Lambda refuses the response: %s',
    async (accept) => {
      const { handler } = await createHandler(4_717_825)

      const response = (await handler(eventOf(accept))) as { body: string }

      expect(response).toMatchObject({ statusCode: 500 })
      expect(JSON.parse(response.body)).toMatchObject({
        error: { code: 'CONFIG_ERROR', message: expect.stringContaining('The image has 4717825 bytes') },
      })
    },
  )

  test('so it is for whoever invokes the function directly', async () => {
    const { handler } = await createHandler(4_717_825)

    expect(await handler(UNLIMITED)).toMatchObject({ error: { code: 'CONFIG_ERROR' } })
  })
})

describe("with CloudBase's own SDK", () => {
  let cloudBase: FakeCloudBase
  let refusal: ReturnType<NonNullable<Parameters<typeof startFakeCloudBase>[0]['upload']>>

  beforeAll(async () => {
    cloudBase = await startFakeCloudBase({ upload: () => refusal })
    Object.assign(process.env, cloudBase.environment)
  })
  afterAll(() => cloudBase.close())

  async function makeLarge() {
    const world = await createWorld({ effects: { cloud } })
    const image = codeOfBytes(790 * KB)
    world.simulator.faults.add({ path: UNLIMITED_PATH, body: image })
    const reply = await world.call(getQrCode, UNLIMITED, world.wechatUser('alice'), {
      maxReplyBytes: MB,
    })
    return { image, reply }
  }

  test('the file that was uploaded is the image', async () => {
    refusal = undefined

    const { image, reply } = await makeLarge()

    const { fileID = '' } = dataOf(reply)
    expect(fileID).toMatch(new RegExp(`^cloud://test-env\\..+/${pathOf(image)}$`))
    expect(cloudBase.files.get(fileID)).toEqual(image)
  })

  test.each([
    ['refuses', { text: storageError('AccessDenied') }],
    ['breaks off', 'reset'],
  ] as const)('a storage that %s is UPSTREAM_UNAVAILABLE', async (_, how) => {
    refusal = how
    const files = cloudBase.files.size

    const { reply } = await makeLarge()

    expect(codeOf(reply)).toBe('UPSTREAM_UNAVAILABLE')
    expect(cloudBase.files.size).toBe(files)
  })
})
