import { describe, expect, test } from 'vitest'
import getQrCode from '../../functions/getQrCode/index.ts'
import { uses } from '../../functions/receiveMessage/handlers.ts'
import { receiveMessageWith } from '../../functions/receiveMessage/receive.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { RecordKind } from '../../shared/state/records.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { pushedInput } from '../support/pushedInput.ts'
import { createStoppable } from '../support/stoppable.ts'
import { codeOf, createWorld, PUSH, SERVER, TEMPLATE_ID, type World } from '../support/world.ts'

/** Beyond every lease: that of a request key, and that of the access token. */
const BEYOND_LEASES_MS = 60_000
const TIMEOUT_MS = 120_000

type Invocation = { readonly origin: Origin; readonly input: object }

/** How far a call has come, by what it has left behind. */
type Left = 'nothing' | 'a claim' | 'a beginning' | 'the end' | 'the answer'

type Effect = {
  readonly fn: AnyFunction
  readonly path: string
  readonly prepare: (world: World) => Invocation | Promise<Invocation>
  /** By how often records of a kind were written. */
  readonly leftBy: (writesOf: (kind: RecordKind) => number) => Left
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
  // The ledger of grants tells what the record of the request key does not.
  leftBy(writesOf) {
    const [claims, grants] = [writesOf('effect'), writesOf('grants')]
    if (claims !== 1) return claims === 0 ? 'nothing' : 'the answer'
    return grants === 0 ? 'a claim' : grants === 1 ? 'a beginning' : 'the end'
  },
}

const LIMITED_CODE: Effect = {
  fn: getQrCode,
  path: '/wxa/getwxacode',
  prepare: () => ({
    origin: SERVER,
    input: { type: 'limited', path: 'pages/index/index', width: 280, isHyaline: true },
  }),
  leftBy(writesOf) {
    const claims = writesOf('effect')
    return claims === 0 ? 'nothing' : claims === 1 ? 'a beginning' : 'the answer'
  },
}

/** A message of a user that a handler answers, once. */
const ANSWER: Effect = {
  fn: receiveMessageWith(
    {
      async text({ openid: touser, content }, { once, wechat }) {
        await once('answer', () => wechat.sendCustomerMessage({ touser, type: 'text', content }))
        return undefined
      },
    },
    uses,
  ),
  path: '/cgi-bin/message/custom/send',
  prepare: async ({ simulator }) => ({
    origin: PUSH,
    input: await pushedInput(simulator, () => simulator.phone('alice').sendText('hello')),
  }),
  leftBy(writesOf) {
    const [pushes, claims] = [writesOf('push'), writesOf('effect')]
    if (claims === 0) return pushes === 0 ? 'nothing' : 'a claim'
    if (claims === 1) return 'a beginning'
    return pushes === 1 ? 'the end' : 'the answer'
  },
}

/** A call in a process that stops at its n-th point, and what the same call is told by other processes. */
async function stopAt(n: number, { fn, path, prepare, leftBy }: Effect) {
  const world = await createWorld({
    environment: { TEMPLATE_SENDS_PER_DAY: '9' },
    effects: { random: promptRandom },
  })
  const { origin, input } = await prepare(world)
  const process = createStoppable(n)
  const call = { origin, input: { value: input }, requestId: 'request-1' }
  const first: Promise<Reply> = invoke(fn, call, world.boot(process.wrap))
  await Promise.race([first, process.stopped])

  const dump = world.store.dump()
  return {
    world,
    first,
    stoppedAt: process.stoppedAt,
    thaw: process.thaw,
    left: leftBy((kind) => dump.match(new RegExp(`^wx\\w+:${kind}:`, 'gm'))?.length ?? 0),
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

/** What a repeat is told while the first may be at work, the next one after that, and whoever comes later. */
const TOLD: Readonly<Record<Left, readonly [meanwhile: string, next: string, forGood: string]>> = {
  nothing: ['OK', 'OK again', 'OK again'],
  'a claim': ['IN_PROGRESS', 'OK', 'OK again'],
  'a beginning': ['IN_PROGRESS', 'OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN'],
  'the end': ['IN_PROGRESS', 'OK again', 'OK again'],
  'the answer': ['OK again', 'OK again', 'OK again'],
}

describe.each([
  ['a message', MESSAGE],
  ['a limited code', LIMITED_CODE],
])('%s', (_, effect) => {
  test(
    'whose process is killed at any point goes out once at most, and a repeat is told the truth',
    async () => {
      const names = await atEveryPoint(effect, async ({ world, left, accepted, repeat, stoppedAt }) => {
        const acceptedBefore = accepted()
        const [meanwhile, next, forGood] = TOLD[left]

        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, meanwhile])
        world.clock.advance(BEYOND_LEASES_MS)
        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, next])
        expect([stoppedAt, tellOf(await repeat())]).toEqual([stoppedAt, forGood])

        if (left === 'a beginning') expect(accepted()).toBe(acceptedBefore)
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
      await atEveryPoint(effect, async ({ world, first, thaw, left, accepted, repeat, stoppedAt }) => {
        world.clock.advance(BEYOND_LEASES_MS)
        await repeat()
        thaw()
        await first

        const told = tellOf(await repeat())
        const isFoundOut = TOLD[left][2] === 'OUTCOME_UNKNOWN' && told === 'OK again'
        expect([stoppedAt, told]).toEqual([stoppedAt, isFoundOut ? 'OK again' : TOLD[left][2]])
        expect(accepted()).toBeLessThanOrEqual(1)
        if (told === 'OK again') expect(accepted()).toBe(1)
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

test(
  'a user whose message is handled by a process that is killed or freezes at any point is answered once at most',
  async () => {
    const names = await atEveryPoint(
      ANSWER,
      async ({ world, first, thaw, left, accepted, repeat, stoppedAt }) => {
        const isUnknown = left === 'a beginning'
        const isBegun = left !== 'nothing' && left !== 'the answer'
        const acceptedBefore = accepted()

        expect([stoppedAt, codeOf(await repeat())]).toEqual([stoppedAt, isBegun ? 'IN_PROGRESS' : 'OK'])
        world.clock.advance(BEYOND_LEASES_MS)
        expect([stoppedAt, codeOf(await repeat())]).toEqual([stoppedAt, isUnknown ? 'OUTCOME_UNKNOWN' : 'OK'])
        // The third time WeChat tells of it is the last.
        expect([stoppedAt, codeOf(await repeat())]).toEqual([stoppedAt, 'OK'])
        expect([stoppedAt, accepted()]).toEqual([stoppedAt, isUnknown ? acceptedBefore : 1])

        thaw()
        await first
        expect(accepted(), stoppedAt).toBeLessThanOrEqual(1)
      },
    )

    expect(names).toContain('after putIfAbsent push')
    expect(names).toContain(`after send ${ANSWER.path}`)
  },
  TIMEOUT_MS,
)
