import { describe, expect, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import { keyRing, stateKeys } from '../support/keyRing.ts'
import { probe } from '../support/probe.ts'
import { NOW_MS } from '../support/testClock.ts'
import { codeOf, createWorld, dataOf, NOBODY, type World } from '../support/world.ts'

/** A function that throws this. */
const failing = (thrown: unknown) =>
  probe<object>({
    handle: async () => {
      throw thrown
    },
  })

const lines = ({ logLines }: World) => logLines.map((line) => JSON.parse(line) as Record<string, unknown>)

describe('a call', () => {
  test('is answered with what its handler returns', async () => {
    const world = await createWorld()
    const fn = probe({ handle: async () => ({ answer: 42 }) })

    expect(await world.call(fn, {})).toEqual({ ok: true, data: { answer: 42 } })
  })

  test('is answered with the problem that its handler throws, and nothing beyond its known parts', async () => {
    const world = await createWorld()
    const problem = new Problem('RATE_LIMITED', {
      field: 'code',
      reason: 'why',
      retryAfterMs: 1000,
      upstream: { errcode: 45009, rid: 'rid-1' },
      detail: 'for the log alone',
    })

    expect(await world.call(failing(problem), {}, NOBODY, { requestId: 'r1' })).toEqual({
      ok: false,
      error: {
        code: 'RATE_LIMITED',
        message: 'Too many calls. Try again later.',
        retryable: true,
        requestId: 'r1',
        field: 'code',
        reason: 'why',
        retryAfterMs: 1000,
        upstream: { errcode: 45009, rid: 'rid-1' },
      },
    })
  })

  test('is refused for what the adapter found before anybody is authenticated', async () => {
    const world = await createWorld()
    const problem = new Problem('METHOD_NOT_ALLOWED')
    const unknownToken = { kind: 'bearer', token: `${'a'.repeat(22)}.${'b'.repeat(43)}` } as const

    expect(codeOf(await world.call(probe(), {}, unknownToken, { problem }))).toBe('METHOD_NOT_ALLOWED')
    expect(world.store.operations).toEqual([])
  })

  test('is refused for its caller before it is refused for its input', async () => {
    const world = await createWorld()
    const input = { body: Buffer.from('{') }

    expect(codeOf(await world.call(probe({ access: ['user'] }), {}, NOBODY, { input }))).toBe(
      'UNAUTHENTICATED',
    )
    expect(codeOf(await world.call(probe(), {}, NOBODY, { input }))).toBe('INVALID_ARGUMENT')
  })
})

describe('what nobody foresaw', () => {
  class Canary extends Error {
    override readonly name = 'Canary'
    readonly secret = 'canary'
  }
  const cyclic: Record<string, unknown> = { canary: 'canary' }
  cyclic.self = cyclic

  test.each([
    ['an error', new Error('canary')],
    ['an error that quotes several lines', new Error('canary\n    at canary (canary.ts:1:1)')],
    ['an error with a cause', new Error('canary', { cause: new Error('canary') })],
    ['an error of its own class', new Canary('canary')],
    ['a text', 'canary'],
    ['nothing', undefined],
    ['an object', { code: 'CODE_USED', message: 'canary', options: {} }],
    ['an object that holds itself', cyclic],
    ['a promise', Promise.resolve('canary')],
  ])('becomes INTERNAL with nothing of itself: %s', async (_, thrown) => {
    const world = await createWorld()

    const reply = await world.call(failing(thrown), {}, NOBODY, { requestId: 'r1' })

    expect(reply).toEqual({
      ok: false,
      error: {
        code: 'INTERNAL',
        message: 'Something unforeseen happened. The log has the details.',
        retryable: false,
        requestId: 'r1',
      },
    })
    expect(world.logLines.join()).not.toContain('canary')
  })

  test('is logged as an error, with its class and its place in the code', async () => {
    const world = await createWorld()
    await world.call(failing(new TypeError('x')), {})

    expect(lines(world)).toEqual([
      expect.objectContaining({
        level: 'error',
        code: 'INTERNAL',
        fault: { name: 'TypeError', at: expect.arrayContaining([expect.stringContaining('invoke.test.ts')]) },
      }),
    ])
  })
})

describe('the log', () => {
  test('says what a handler warns the operator of, and the line is a warning', async () => {
    const world = await createWorld({ environment: { LOG_LEVEL: 'warn' } })
    const warning = probe<object>({
      handle: async ({ warn }) => {
        warn('the stock runs out', { left: 7 })
        warn('the clock is slow')
        return {}
      },
    })
    await world.call(probe(), {})
    await world.call(warning, {}, NOBODY, { requestId: 'r2' })

    expect(lines(world)).toEqual([
      {
        level: 'warn',
        requestId: 'r2',
        function: 'probe',
        code: 'OK',
        durationMs: 0,
        caller: 'anonymous',
        warnings: [{ message: 'the stock runs out', left: 7 }, { message: 'the clock is slow' }],
      },
    ])
  })

  test('keeps what was warned of when the call then fails, which stays the worse of the two', async () => {
    const world = await createWorld()
    for (const thrown of [new Problem('RATE_LIMITED'), new TypeError('x')]) {
      const failingAfterwards = probe<object>({
        handle: async ({ warn }) => {
          warn('the stock runs out')
          throw thrown
        },
      })
      await world.call(failingAfterwards, {})
    }

    const warnings = [{ message: 'the stock runs out' }]
    expect(lines(world)).toMatchObject([
      { level: 'warn', code: 'RATE_LIMITED', warnings },
      { level: 'error', code: 'INTERNAL', warnings },
    ])
  })

  test('has one line for each call', async () => {
    const world = await createWorld({ environment: { STATE_KEYS: stateKeys('k1') } })
    const alice = world.wechatUser('alice')
    await world.call(probe(), {}, NOBODY, { requestId: 'r1' })
    await world.call(probe(), { unknown: 1 }, alice, { requestId: 'r2' })
    await world.call(probe({ access: ['timer'] }), {}, alice, { requestId: 'r3' })

    const user = keyRing('k1').pseudonym(world.simulator.phone('alice').openid)
    expect(lines(world)).toEqual([
      { level: 'info', requestId: 'r1', function: 'probe', code: 'OK', durationMs: 0, caller: 'anonymous' },
      {
        level: 'warn',
        requestId: 'r2',
        function: 'probe',
        code: 'INVALID_ARGUMENT',
        durationMs: 0,
        caller: 'user',
        user,
        field: 'unknown',
        reason: 'is not a field of this function',
      },
      {
        level: 'warn',
        requestId: 'r3',
        function: 'probe',
        code: 'FORBIDDEN',
        durationMs: 0,
        caller: 'refused',
        reason: 'not callable by user',
      },
    ])
  })

  test('names a user by a pseudonym that stays the same, and by none without a key', async () => {
    const world = await createWorld({ environment: { STATE_KEYS: stateKeys('k1') } })
    for (const name of ['alice', 'alice', 'bob']) await world.call(probe(), {}, world.wechatUser(name))
    world.restart({ STATE_KEYS: '' })
    await world.call(probe(), {}, world.wechatUser('alice'))

    const [alice, again, bob, without] = lines(world).map(({ user }) => user)
    expect(again).toBe(alice)
    expect(bob).not.toBe(alice)
    expect(without).toBeUndefined()
  })

  test.each([
    ['debug', ['OK', 'FORBIDDEN', 'INTERNAL']],
    ['info', ['OK', 'FORBIDDEN', 'INTERNAL']],
    ['warn', ['FORBIDDEN', 'INTERNAL']],
    ['error', ['INTERNAL']],
    ['silent', []],
  ])('begins at its level: %s', async (level, codes) => {
    const world = await createWorld({ environment: { LOG_LEVEL: level } })
    await world.call(probe(), {})
    await world.call(probe({ access: ['user'] }), {}, { kind: 'timer' })
    await world.call(failing(new Error('x')), {})

    expect(lines(world).map(({ code }) => code)).toEqual(codes)
  })

  test('with a malformed level stops every call, and says why', async () => {
    const world = await createWorld({ environment: { LOG_LEVEL: 'canary' } })

    const reply = await world.call(probe(), {})

    expect(reply).toMatchObject({ error: { code: 'CONFIG_ERROR', message: 'LOG_LEVEL is malformed.' } })
    expect(lines(world)).toEqual([expect.objectContaining({ message: 'LOG_LEVEL is malformed.' })])
    expect(world.logLines.join()).not.toContain('canary')
  })
})

describe('a handler has until half a second before', () => {
  const deadline = (timeoutSeconds: number) =>
    probe({ timeoutSeconds, handle: async ({ deadlineAtMs }) => ({ leftMs: deadlineAtMs - NOW_MS }) })

  test.each([
    ['its own time is over', 10, undefined, 9500],
    ['its own time is over, when the platform would allow more', 10, 60_000, 9500],
    ["the platform's time is over, when that is sooner", 10, 3000, 2500],
    ['any time is over, which may be past', 10, 200, -300],
  ])('%s', async (_, timeoutSeconds, remainingMs, leftMs) => {
    const world = await createWorld()
    const more = remainingMs === undefined ? {} : { remainingMs }

    expect(dataOf(await world.call(deadline(timeoutSeconds), {}, NOBODY, more))).toEqual({ leftMs })
  })
})
