import { describe, expect, test } from 'vitest'
import checkContent from '../../functions/checkContent/index.ts'
import { Problem } from '../../shared/core/problem.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { pngOf } from '../core/imageSamples.ts'
import { createStoppable } from '../support/stoppable.ts'
import { codeOf, createWorld, dataOf, SERVER, type World } from '../support/world.ts'
import {
  createMediaWorld,
  MEDIA_INPUT,
  NAMED_HOSTS,
  PASS,
  RISKY,
  SUBMIT,
  sha256,
} from './checkContentMedia.ts'

const DAY_MS = 86_400_000
/** Beyond every lease: that of a submission, and that of the access token. */
const BEYOND_LEASES_MS = 60_000

/** An instance of its own, and what it asks of the store. */
function observe(world: World) {
  const operations: string[] = []
  const noted =
    <A extends readonly [string, ...unknown[]], R>(name: string, operate: (...args: A) => Promise<R>) =>
    (...args: A) => {
      operations.push(`${name} ${args[0].split(':')[1]}`)
      return operate(...args)
    }
  const instance = world.boot(({ memoryStore: { get, putIfAbsent, compareAndSet, deleteIf } }) => ({
    memoryStore: {
      get: noted('get', get),
      putIfAbsent: noted('putIfAbsent', putIfAbsent),
      compareAndSet: noted('compareAndSet', compareAndSet),
      deleteIf: noted('deleteIf', deleteIf),
    },
  }))
  return { instance, operations }
}

/** What is there of records, by their kind. */
const kindsIn = (dump: string) => [...dump.matchAll(/^wx\w+:(\w+):/gm)].map(([, kind]) => kind)

describe('media that are submitted', () => {
  test.each<[string, Parameters<typeof createMediaWorld>[0], readonly string[]]>([
    ['by name, in three writes', {}, []],
    ['by their bytes, after a look into the cache', { environment: NAMED_HOSTS }, ['get contentVerdict']],
  ])('are recorded before anybody is told: %s', async (_, options, before) => {
    const { world, check, ask } = await createMediaWorld(options)
    await check({ type: 'text', scene: 1, content: 'the token is there' })
    const { instance, operations } = observe(world)
    const call = { origin: world.wechatUser('alice'), input: { value: MEDIA_INPUT }, requestId: 'request-1' }

    const reply = (await invoke(checkContent, call, instance)) as Reply<{ readonly traceId: string }>

    expect(operations.filter((operation) => !operation.endsWith('accessToken'))).toEqual([
      ...before,
      'putIfAbsent effect',
      'putIfAbsent mediaJob',
      'compareAndSet effect',
    ])
    const { traceId } = dataOf(reply)
    expect(dataOf(await ask(traceId))).toMatchObject({ suggest: 'pending', traceId })
  })

  test('are not, while the store is down', async () => {
    const { world, check, simulator } = await createMediaWorld()
    world.store.isDown = true

    expect(codeOf(await check())).toBe('STATE_UNAVAILABLE')

    expect(simulator.accepted(SUBMIT)).toBe(0)
  })

  test('are not, where no store is configured', async () => {
    const { check, simulator } = await createMediaWorld({ environment: { STATE_STORE: '' } })

    expect(await check()).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_STORE') },
    })

    expect(simulator.accepted(SUBMIT)).toBe(0)
  })

  test('are none when their job cannot be recorded, and can be submitted again', async () => {
    const { world, check, ask, simulator } = await createMediaWorld()
    const call = { origin: world.wechatUser('alice'), input: { value: MEDIA_INPUT }, requestId: 'request-1' }
    const withoutJobs = (store: StateStore): StateStore => ({
      ...store,
      putIfAbsent: async (key, record) => {
        if (key.includes(':mediaJob:')) throw new Problem('STATE_UNAVAILABLE')
        return store.putIfAbsent(key, record)
      },
    })
    const instance = world.boot(({ memoryStore }) => ({ memoryStore: withoutJobs(memoryStore) }))

    expect(codeOf(await invoke(checkContent, call, instance))).toBe('STATE_UNAVAILABLE')

    const { traceId } = dataOf(await check(MEDIA_INPUT, undefined, 'request-1'))
    expect(simulator.mediaJobs.map((job) => job.traceId)).toEqual([expect.any(String), traceId])
    expect(codeOf(await ask(traceId))).toBe('OK')
  })

  test('and refused by WeChat leave no job behind, and may come again', async () => {
    const { world, check, simulator } = await createMediaWorld()
    simulator.faults.add({ path: SUBMIT, errcode: 40004 })

    expect(codeOf(await check(MEDIA_INPUT, undefined, 'request-1'))).toBe('MEDIA_UNSUPPORTED')
    expect(kindsIn(world.store.dump())).not.toContain('mediaJob')

    expect(codeOf(await check(MEDIA_INPUT, undefined, 'request-1'))).toBe('OK')
  })
})

describe('an invocation that the platform repeats', () => {
  test('submits once, and is told the same', async () => {
    const { world, check, simulator } = await createMediaWorld()

    const first = await check(MEDIA_INPUT, undefined, 'request-1')
    world.restart()
    const repeat = await check(MEDIA_INPUT, undefined, 'request-1')

    expect(repeat).toEqual(first)
    expect(simulator.mediaJobs).toHaveLength(1)
  })

  test('waits while the first is running', async () => {
    const { world, check, simulator } = await createMediaWorld()
    const process = createStoppable(4)
    const call = { origin: world.wechatUser('alice'), input: { value: MEDIA_INPUT }, requestId: 'request-1' }
    const first = invoke(checkContent, call, world.boot(process.wrap))
    await process.stopped

    expect(await check(MEDIA_INPUT, undefined, 'request-1')).toMatchObject({
      error: { code: 'IN_PROGRESS', retryAfterMs: expect.any(Number) },
    })
    process.thaw()
    expect(codeOf(await first)).toBe('OK')
    expect(simulator.mediaJobs).toHaveLength(1)
  })

  test.each<[string, object, string]>([
    ['in another invocation', {}, 'request-2'],
    ['in another scene', { scene: 2 }, 'request-1'],
    ['of another type', { type: 'audio' }, 'request-1'],
    ['under another URL', { mediaUrl: 'https://cdn.example.com/b.png' }, 'request-1'],
  ])('is not what comes %s', async (_, change, requestId) => {
    const { check, simulator } = await createMediaWorld()

    const first = dataOf(await check(MEDIA_INPUT, undefined, 'request-1'))
    const second = dataOf(await check({ ...MEDIA_INPUT, ...change }, undefined, requestId))

    expect(second.traceId).not.toBe(first.traceId)
    expect(simulator.mediaJobs).toHaveLength(2)
  })

  test("is not another user's with the same id", async () => {
    const { world, check, simulator } = await createMediaWorld()
    world.simulator.phone('bob').login()

    const first = dataOf(await check(MEDIA_INPUT, undefined, 'request-1'))
    const second = dataOf(await check(MEDIA_INPUT, world.wechatUser('bob'), 'request-1'))

    expect(second.traceId).not.toBe(first.traceId)
    expect(simulator.mediaJobs).toHaveLength(2)
  })
})

test('wherever a process is killed or frozen, whatever is told to be pending finds its verdict', async () => {
  const points: string[] = []
  for (;;) {
    const media = await createMediaWorld()
    const { world, check, ask, push, clock } = media
    const process = createStoppable(points.length)
    const call = { origin: world.wechatUser('alice'), input: { value: MEDIA_INPUT }, requestId: 'request-1' }
    const killed: Promise<Reply> = invoke(checkContent, call, world.boot(process.wrap))
    await Promise.race([killed, process.stopped])
    if (process.stoppedAt === undefined) break

    points.push(process.stoppedAt)
    clock.advance(BEYOND_LEASES_MS)
    world.restart()
    const { traceId } = dataOf(await check(MEDIA_INPUT, undefined, 'request-1'))
    await push(traceId, RISKY)

    expect([process.stoppedAt, dataOf(await ask(traceId))]).toEqual([
      process.stoppedAt,
      { ...RISKY, traceId, contentHash: sha256(MEDIA_INPUT.mediaUrl) },
    ])
    process.thaw()
    const thawed = (await killed) as Reply<{ readonly traceId: string }>
    if (thawed.ok) expect(codeOf(await ask(thawed.data.traceId))).toBe('OK')
  }
  for (const point of ['before putIfAbsent mediaJob', 'after putIfAbsent mediaJob', `after send ${SUBMIT}`]) {
    expect(points).toContain(point)
  }
})

describe('media whose bytes WeChat has judged', () => {
  const NAMED = { environment: NAMED_HOSTS }
  const BYTES_HASH = sha256('the media')

  test.each([PASS, RISKY])('are answered at once for 24 hours: $suggest', async (verdict) => {
    const { check, ask, push, clock, simulator } = await createMediaWorld(NAMED)
    const { traceId } = dataOf(await check())
    await push(traceId, verdict)
    await ask(traceId)
    clock.advance(3_600_000)
    const elsewhere = { ...MEDIA_INPUT, mediaUrl: 'https://cdn.example.com/copy.png' }

    expect(dataOf(await check(elsewhere))).toEqual({ ...verdict, contentHash: BYTES_HASH })
    expect(simulator.mediaJobs).toHaveLength(1)

    clock.advance(DAY_MS - 3_600_000)
    simulator.phone('alice').login()
    expect(dataOf(await check())).toMatchObject({ suggest: 'pending', traceId: expect.any(String) })
    expect(simulator.mediaJobs).toHaveLength(2)
  })

  test.each<[string, object]>([
    ['in another scene', { scene: 2 }],
    ['as another type', { type: 'audio' }],
  ])('are submitted again %s', async (_, change) => {
    const { check, ask, push, simulator } = await createMediaWorld(NAMED)
    const { traceId } = dataOf(await check())
    await push(traceId, PASS)
    await ask(traceId)

    expect(dataOf(await check({ ...MEDIA_INPUT, ...change }))).toMatchObject({ suggest: 'pending' })
    expect(simulator.mediaJobs).toHaveLength(2)
  })

  test('are submitted again for another user: WeChat may have been served other bytes than we were', async () => {
    const { world, check, ask, push, openid } = await createMediaWorld(NAMED)
    const { traceId } = dataOf(await check())
    await push(traceId, PASS)
    await ask(traceId)
    world.simulator.phone('bob').login()

    expect(dataOf(await check(MEDIA_INPUT, world.wechatUser('bob')))).toMatchObject({ suggest: 'pending' })
    // A server that asks for the same user has the same verdict.
    expect(dataOf(await check({ ...MEDIA_INPUT, openid }, SERVER))).toMatchObject(PASS)
  })

  test.each([
    ['was for review', { suggest: 'review', label: 21000 } as const],
    ['never came', undefined],
  ])('are submitted again when the verdict %s', async (_, verdict) => {
    const { check, ask, push, clock } = await createMediaWorld(NAMED)
    const { traceId } = dataOf(await check())
    if (verdict) await push(traceId, verdict)
    clock.advance(1_800_000)
    expect(dataOf(await ask(traceId))).toMatchObject({ suggest: 'review' })

    expect(dataOf(await check())).toMatchObject({ suggest: 'pending' })
  })

  test('and that were exchanged since are submitted again', async () => {
    let media = 'the media'
    const { check, ask, push } = await createMediaWorld({
      ...NAMED,
      answer: (_, response) => response.end(media),
    })
    const { traceId } = dataOf(await check())
    await push(traceId, PASS)
    await ask(traceId)
    media = 'other media'

    expect(dataOf(await check())).toEqual({
      suggest: 'pending',
      traceId: expect.any(String),
      contentHash: sha256('other media'),
    })
  })

  test.each<[string, Parameters<typeof createMediaWorld>[0]]>([
    ['no host was named', {}],
    ['they could not be fetched', { ...NAMED, answer: (_, response) => response.writeHead(503).end() }],
  ])('are always submitted again when %s: only their URL is known to be the same', async (_, options) => {
    const { check, ask, push, simulator } = await createMediaWorld(options)
    const { traceId } = dataOf(await check())
    await push(traceId, PASS)
    expect(dataOf(await ask(traceId))).toMatchObject(PASS)

    expect(dataOf(await check())).toMatchObject({ suggest: 'pending' })
    expect(simulator.mediaJobs).toHaveLength(2)
  })
})

describe('an image in the input', () => {
  const IMAGE = '/wxa/img_sec_check'
  const bytes = pngOf(20, 20)
  const INPUT = { type: 'image', scene: 1, imageBase64: bytes.toString('base64') }
  const VERDICT = { suggest: 'pass', contentHash: sha256(bytes) }

  test('that was judged is answered at once for 24 hours, whoever brings it', async () => {
    const { world, check, clock, simulator } = await createMediaWorld()
    expect(dataOf(await check(INPUT))).toEqual(VERDICT)
    clock.advance(DAY_MS - 1)

    expect(dataOf(await check(INPUT, world.wechatUser('bob')))).toEqual(VERDICT)
    expect(simulator.accepted(IMAGE)).toBe(1)

    clock.advance(1)
    expect(dataOf(await check(INPUT))).toEqual(VERDICT)
    expect(simulator.accepted(IMAGE)).toBe(2)
  })

  test('that is risky stays so', async () => {
    const { check, simulator } = await createMediaWorld()
    simulator.faults.add({ path: IMAGE, errcode: 87014 })

    for (let time = 0; time < 2; time++)
      expect(dataOf(await check(INPUT))).toMatchObject({ suggest: 'risky' })
    expect(simulator.requests(IMAGE)).toHaveLength(1)
  })

  test('that WeChat said nothing clear of is judged again', async () => {
    const { check, simulator } = await createMediaWorld()
    simulator.faults.add({ path: IMAGE, body: '{"errmsg":"ok"}' })

    expect(dataOf(await check(INPUT))).toMatchObject({ suggest: 'review' })
    expect(dataOf(await check(INPUT))).toEqual(VERDICT)
  })

  test('takes one read and one write, and one read when it was judged before', async () => {
    const { world, check } = await createMediaWorld()
    await check({ type: 'text', scene: 1, content: 'the token is there' })
    const before = world.store.operations.length
    await check(INPUT)
    await check(INPUT)

    expect(world.store.operations.slice(before)).toEqual(['get', 'putIfAbsent', 'get'])
  })

  test.each<[string, (store: StateStore) => Partial<StateStore>]>([
    ['is down', () => ({ get: down, putIfAbsent: down })],
    ['refuses to write', () => ({ putIfAbsent: down })],
    ['does not answer', () => ({ get: hang, putIfAbsent: hang })],
  ])('is judged while the store %s', async (_, change) => {
    const { world, simulator } = await createMediaWorld()
    const call = { origin: world.wechatUser('alice'), input: { value: INPUT }, requestId: 'request-1' }
    const ofKind =
      (operation: 'get' | 'putIfAbsent', { memoryStore }: { memoryStore: StateStore }) =>
      (...args: [string, never]) =>
        args[0].includes(':contentVerdict:')
          ? (change(memoryStore)[operation] ?? memoryStore[operation])(...args)
          : memoryStore[operation](...args)
    const instance = world.boot((effects) => ({
      memoryStore: {
        ...effects.memoryStore,
        get: ofKind('get', effects),
        putIfAbsent: ofKind('putIfAbsent', effects),
      } as StateStore,
    }))

    expect(dataOf(await invoke(checkContent, call, instance))).toEqual(VERDICT)
    expect(simulator.accepted(IMAGE)).toBe(1)
  })

  test('is judged where no store is configured', async () => {
    const world = await createWorld({ environment: { STATE_STORE: '' } })

    expect(dataOf(await world.call(checkContent, INPUT, world.wechatUser('alice')))).toEqual(VERDICT)
  })
})

const down = () => Promise.reject(new Problem('STATE_UNAVAILABLE'))
const hang = () => new Promise<never>(() => undefined)
