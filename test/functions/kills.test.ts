import { describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createStoppable } from '../support/stoppable.ts'
import { codeOf, createWorld, SERVER, TEMPLATE_ID, type World } from '../support/world.ts'

/** Beyond every lease: that of a request key, and that of the access token. */
const BEYOND_LEASES_MS = 60_000
const TIMEOUT_MS = 120_000

type Effect = {
  readonly fn: AnyFunction
  readonly path: string
  readonly prepare: (world: World) => {
    readonly origin: Parameters<World['call']>[2]
    readonly input: object
  }
}

const MESSAGE: Effect = {
  fn: sendSubscribeMessage,
  path: '/cgi-bin/message/subscribe/send',
  prepare(world) {
    for (let grant = 0; grant < 3; grant++) world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID)
    const data = { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' }
    return {
      origin: world.wechatUser('alice'),
      input: { templateId: TEMPLATE_ID, data, requestKey: 'order-7' },
    }
  },
}

const LIMITED_CODE: Effect = {
  fn: getQrCode,
  path: '/wxa/getwxacode',
  prepare: () => ({ origin: SERVER, input: { type: 'limited', path: 'pages/index/index', width: 280 } }),
}

/** A call in a process that stops at its n-th point, and what the same call is told by other processes. */
async function stopAt(n: number, { fn, path, prepare }: Effect) {
  const world = await createWorld({
    environment: { TEMPLATE_SENDS_PER_DAY: '9' },
    effects: { random: promptRandom },
  })
  const { origin = SERVER, input } = prepare(world)
  const process = createStoppable(n)
  const call = { origin, input: { value: input }, requestId: 'request-1' }
  const first: Promise<Reply> = invoke(fn, call, world.boot(process.wrap))
  await Promise.race([first, process.stopped])

  const writes = world.store.dump().match(/^wx\w+:effect:/gm)?.length ?? 0
  return {
    world,
    first,
    stoppedAt: process.stoppedAt,
    thaw: process.thaw,
    /** How far the record of the request key has come. */
    record: writes === 0 ? ('none' as const) : writes === 1 ? ('started' as const) : ('settled' as const),
    accepted: () => world.simulator.accepted(path),
    repeat(requestId = 'request-1') {
      world.restart()
      return world.call(fn, input, origin, { requestId })
    },
  }
}

type Stopped = Awaited<ReturnType<typeof stopAt>>

/** Visits every point at which the call waits, each in a world of its own; returns their names. */
async function atEveryPoint(effect: Effect, visit: (stopped: Stopped) => Promise<void>): Promise<string[]> {
  const names: string[] = []
  for (;;) {
    const stopped = await stopAt(names.length, effect)
    if (stopped.stoppedAt === undefined) {
      expect(codeOf(await stopped.first)).toBe('OK')
      return names
    }
    names.push(stopped.stoppedAt)
    await visit(stopped)
  }
}

const tellOf = (reply: Reply): string => {
  const isRepeat = reply.ok && ('repeated' in reply.data || ('cached' in reply.data && reply.data.cached))
  return isRepeat ? 'OK again' : codeOf(reply)
}

/** What a repeat is told, while the first may be at work and for good, by what the first has left behind. */
const TOLD = {
  none: ['OK', 'OK again'],
  started: ['IN_PROGRESS', 'OUTCOME_UNKNOWN'],
  settled: ['OK again', 'OK again'],
} as const

describe.each([
  ['a message', MESSAGE],
  ['a limited code', LIMITED_CODE],
])('%s', (_, effect) => {
  test(
    'whose process is killed at any point goes out once at most, and a repeat is told the truth',
    async () => {
      const names = await atEveryPoint(effect, async ({ world, record, accepted, repeat, stoppedAt }) => {
        const acceptedBefore = accepted()
        const [meanwhile, forGood] = TOLD[record]

        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, meanwhile])
        world.clock.advance(BEYOND_LEASES_MS)
        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, forGood])
        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, forGood])

        expect(accepted()).toBe(record === 'none' ? 1 : acceptedBefore)
        if (forGood === 'OK again') expect(accepted()).toBe(1)
      })

      for (const point of [
        'before putIfAbsent effect',
        'after putIfAbsent effect',
        `before send ${effect.path}`,
        `after send ${effect.path}`,
        'before compareAndSet effect',
        'after compareAndSet effect',
      ]) {
        expect(names).toContain(point)
      }
    },
    TIMEOUT_MS,
  )

  test(
    'whose process is frozen at any point and thaws goes out once, and what was told stays true',
    async () => {
      await atEveryPoint(effect, async ({ world, first, thaw, record, accepted, repeat, stoppedAt }) => {
        world.clock.advance(BEYOND_LEASES_MS)
        await repeat()
        thaw()
        await first

        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, TOLD[record][1]])
        expect(accepted()).toBeLessThanOrEqual(1)
      })
    },
    TIMEOUT_MS,
  )
})

test(
  'a process that was overtaken before its request was out never sends it when it thaws',
  async () => {
    let isOut = false
    await atEveryPoint(LIMITED_CODE, async ({ world, first, thaw, accepted, repeat, stoppedAt }) => {
      isOut ||= stoppedAt === `before send ${LIMITED_CODE.path}`
      world.clock.advance(BEYOND_LEASES_MS)
      expect(codeOf(await repeat('request-2'))).toBe('OK')
      thaw()
      const firstCode = codeOf(await first)

      const { value: ledger } = await world.runtime.records().read<{ made: number }>('limitedCodes', 'stock')
      expect(ledger?.made).toBeGreaterThanOrEqual(accepted())
      expect(tellOf(await repeat('request-3'))).toBe('OK again')
      if (!isOut) {
        expect([stoppedAt, firstCode]).not.toEqual([stoppedAt, 'OK'])
        expect([stoppedAt, accepted()]).toEqual([stoppedAt, 1])
      }
    })
    expect(isOut).toBe(true)
  },
  TIMEOUT_MS,
)
