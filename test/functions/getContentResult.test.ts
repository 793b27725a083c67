import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import getContentResult from '../../functions/getContentResult/index.ts'
import { invoke } from '../../shared/function/invoke.ts'
import { createStoppable } from '../support/stoppable.ts'
import { codeOf, dataOf, NOBODY, SERVER, TIMER } from '../support/world.ts'
import { createMediaWorld, MEDIA_INPUT, NAMED_HOSTS, PASS, RISKY, sha256 } from './checkContentMedia.ts'

const CONTENT_HASH = sha256(MEDIA_INPUT.mediaUrl)
const MINUTE_MS = 60_000
const WEEK_MS = 7 * 1440 * MINUTE_MS

/** A world in which Alice has submitted an image. */
async function createJobWorld(options: Parameters<typeof createMediaWorld>[0] = {}) {
  const media = await createMediaWorld(options)
  const { traceId = '' } = dataOf(await media.check())
  return { ...media, traceId, result: { traceId, contentHash: CONTENT_HASH } }
}

describe('the result of a check', () => {
  test('is pending until WeChat has pushed its verdict', async () => {
    const { ask, push, traceId, result } = await createJobWorld()

    expect(dataOf(await ask(traceId))).toEqual({ suggest: 'pending', ...result })
    await push(traceId, RISKY)
    expect(dataOf(await ask(traceId))).toEqual({ ...RISKY, ...result })
  })

  test('is the verdict that was pushed before the job was recorded', async () => {
    const { world, simulator, ask, push } = await createMediaWorld()
    const call = { origin: world.wechatUser('alice'), input: { value: MEDIA_INPUT }, requestId: 'request-1' }
    const instance = world.boot(({ memoryStore }) => ({
      memoryStore: {
        ...memoryStore,
        async putIfAbsent(key, record) {
          if (key.includes(':mediaJob:')) await push(simulator.mediaJobs[0]?.traceId, RISKY)
          return memoryStore.putIfAbsent(key, record)
        },
      },
    }))

    const { traceId } = dataOf(await invoke(checkContent, call, instance)) as { traceId: string }

    expect(dataOf(await ask(traceId))).toMatchObject({ ...RISKY, traceId })
  })

  test('is the first verdict that was pushed', async () => {
    const { ask, push, traceId, result } = await createJobWorld()
    await push(traceId, PASS)
    await push(traceId, RISKY)

    for (let time = 0; time < 2; time++) expect(dataOf(await ask(traceId))).toEqual({ ...PASS, ...result })
  })

  test('is for review when none was pushed within half an hour, and stays so', async () => {
    const { ask, push, clock, traceId, result } = await createJobWorld()

    clock.advance(30 * MINUTE_MS - 1)
    expect(dataOf(await ask(traceId))).toEqual({ suggest: 'pending', ...result })
    clock.advance(1)
    expect(dataOf(await ask(traceId))).toEqual({ suggest: 'review', ...result })
    await push(traceId, PASS)
    expect(dataOf(await ask(traceId))).toEqual({ suggest: 'review', ...result })
  })

  test('is the late verdict where nobody was told otherwise', async () => {
    const { ask, push, clock, traceId } = await createJobWorld()
    clock.advance(1440 * MINUTE_MS)
    await push(traceId, PASS)

    expect(dataOf(await ask(traceId))).toMatchObject(PASS)
  })

  test('carries the hash of the bytes where these were seen', async () => {
    const { ask, traceId } = await createJobWorld({ environment: NAMED_HOSTS })

    expect(dataOf(await ask(traceId))).toMatchObject({ contentHash: sha256('the media') })
  })

  test('is there for a week', async () => {
    const { ask, clock, traceId } = await createJobWorld()
    clock.advance(WEEK_MS - 1)
    expect(codeOf(await ask(traceId))).toBe('OK')
    clock.advance(1)
    expect(codeOf(await ask(traceId))).toBe('NOT_FOUND')
  })

  test('is the same whichever instance is asked, and after any that was killed while it told', async () => {
    for (let point = 0; ; point++) {
      const { world, ask, push, alice, traceId, result } = await createJobWorld()
      await push(traceId, RISKY)
      const process = createStoppable(point)
      const call = { origin: alice, input: { value: { traceId } }, requestId: 'request-1' }
      const killed = invoke(getContentResult, call, world.boot(process.wrap))
      await Promise.race([killed, process.stopped])
      world.restart()

      expect(dataOf(await ask(traceId))).toEqual({ ...RISKY, ...result })
      if (process.stoppedAt === undefined) break
    }
  })
})

describe('a job is told about', () => {
  test('to any server', async () => {
    const { ask, traceId, result } = await createJobWorld()

    expect(dataOf(await ask(traceId, SERVER))).toEqual({ suggest: 'pending', ...result })
  })

  test("to the user whom a server named, and not as the server's own", async () => {
    const { world, check, ask, openid } = await createMediaWorld()
    const { traceId } = dataOf(await check({ ...MEDIA_INPUT, openid }, SERVER))

    expect(codeOf(await ask(traceId))).toBe('OK')
    expect(codeOf(await ask(traceId, world.wechatUser('bob')))).toBe('NOT_FOUND')
  })

  test('to no other user, who learns just as much as of one that is not there', async () => {
    const { world, ask, push, traceId } = await createJobWorld()
    await push(traceId, PASS)
    const bob = world.wechatUser('bob')
    const operations = async (id: string) => {
      const before = world.store.operations.length
      const reply = await ask(id, bob)
      if (reply.ok) throw new Error('it was told')
      const { requestId: _, ...error } = reply.error
      return { error, operations: world.store.operations.slice(before) }
    }

    const foreign = await operations(traceId)

    expect(foreign).toEqual(await operations('60f96f1d-3845297a-1976a3ae'))
    expect(foreign).toMatchObject({ error: { code: 'NOT_FOUND', retryable: false }, operations: ['get'] })
    expect(dataOf(await ask(traceId))).toMatchObject(PASS)
  })

  test('only once it was submitted, whatever was pushed', async () => {
    const { ask, push } = await createMediaWorld()
    await push('unknown', PASS)

    expect(codeOf(await ask('unknown'))).toBe('NOT_FOUND')
    expect(codeOf(await ask('unknown', SERVER))).toBe('NOT_FOUND')
  })

  test.each([
    ['nobody', NOBODY, 'UNAUTHENTICATED'],
    ['a timer', TIMER, 'FORBIDDEN'],
  ])('not to %s', async (_, origin, code) => {
    const { world, ask, traceId } = await createJobWorld()
    const before = world.store.operations.length

    expect(codeOf(await ask(traceId, origin))).toBe(code)
    expect(world.store.operations).toHaveLength(before)
  })
})

test('while the store is down nothing is told', async () => {
  const { world, ask, push, traceId } = await createJobWorld()
  await push(traceId, PASS)
  world.store.refusesWrites = true
  expect(codeOf(await ask(traceId))).toBe('STATE_UNAVAILABLE')
  world.store.isDown = true
  expect(codeOf(await ask(traceId))).toBe('STATE_UNAVAILABLE')
  world.store.isDown = false
  world.store.refusesWrites = false

  expect(dataOf(await ask(traceId))).toMatchObject(PASS)
})

test.each<[string, Parameters<typeof createMediaWorld>[0], readonly string[]]>([
  ['three', {}, ['get', 'get', 'compareAndSet']],
  [
    'four where the bytes are known',
    { environment: NAMED_HOSTS },
    ['get', 'get', 'compareAndSet', 'putIfAbsent'],
  ],
])(
  'whoever is the first to be told a verdict costs operations of the store: %s',
  async (_, options, operations) => {
    const { world, ask, push, traceId } = await createJobWorld(options)
    await push(traceId, PASS)
    const before = world.store.operations.length
    await ask(traceId)
    await ask(traceId)

    expect(world.store.operations.slice(before)).toEqual([...operations, 'get'])
  },
)

test('a cache that cannot be written to withholds no verdict', async () => {
  const { world, alice, push, traceId } = await createJobWorld({ environment: NAMED_HOSTS })
  await push(traceId, PASS)
  const instance = world.boot(({ memoryStore }) => ({
    memoryStore: {
      ...memoryStore,
      putIfAbsent: (key, record) =>
        key.includes(':contentVerdict:')
          ? new Promise(() => undefined)
          : memoryStore.putIfAbsent(key, record),
    },
  }))
  const call = { origin: alice, input: { value: { traceId } }, requestId: 'request-1' }

  expect(dataOf(await invoke(getContentResult, call, instance))).toMatchObject(PASS)
})

test.each<[string, unknown]>([
  ['no trace id', undefined],
  ['an empty one', ''],
  ['one that is too long', 'x'.repeat(129)],
  ['a number', 7],
  ['an object', { $ne: '' }],
  ['a list', ['x']],
  ['one with a space', 'a b'],
  ['one with a line break', 'a\n'],
  ['one in another alphabet', '编号'],
])('%s is INVALID_ARGUMENT, and the store is not asked', async (_, traceId) => {
  const { world, ask } = await createMediaWorld()

  expect(await ask(traceId)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'traceId' } })
  expect(world.store.operations).toEqual([])
})

test.each([{ openid: 'o-eve' }, { mediaUrl: 'https://cdn.example.com/a.png' }])(
  'a field that it does not have is refused: %j',
  async (more) => {
    const { world, alice, traceId } = await createJobWorld()

    expect(codeOf(await world.call(getContentResult, { traceId, ...more }, alice))).toBe('INVALID_ARGUMENT')
  },
)
