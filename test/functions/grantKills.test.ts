import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import recordSubscription from '../../functions/recordSubscription/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { Runtime } from '../../shared/function/runtime.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { receiveNews } from '../../shared/state/grantLedger.ts'
import { handleOf } from '../../shared/state/sessionToken.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createStoppable } from '../support/stoppable.ts'
import { APP_ID, codeOf, createWorld, dataOf, TEMPLATE_ID, type World } from '../support/world.ts'

const BEYOND_LEASES_MS = 60_000
const HOUR_MS = 3_600_000
const TIMEOUT_MS = 120_000
const OPTIONS = { longTermTemplates: [] }
const MESSAGE = {
  templateId: TEMPLATE_ID,
  data: { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' },
  requestKey: 'order-7',
}

const tellOf = (reply: Reply): string => (reply.ok && 'repeated' in reply.data ? 'OK again' : codeOf(reply))

const createGrantWorld = () =>
  createWorld({ environment: { SUBSCRIBE_LEDGER: 'enforce' }, effects: { random: promptRandom } })

/** Enters what a runtime's process hears, as `receiveMessage` does. */
const hear = (
  runtime: Runtime,
  openid: string,
  id: string,
  news: Parameters<typeof receiveNews>[2]['news'],
) => receiveNews({ records: runtime.records(), clock: runtime.clock }, openid, { id, news }, OPTIONS)

async function remainingOf(world: World): Promise<number | undefined> {
  const results = { [TEMPLATE_ID]: 'filter' }
  return dataOf(await world.call(recordSubscription, { results }, world.wechatUser('alice'))).remaining[
    TEMPLATE_ID
  ]
}

/** WeChat reports on all that it took. */
async function reportAll({ simulator, runtime, clock }: World): Promise<void> {
  for (const { touser, templateId, msgid } of simulator.sentMessages) {
    const news = [{ kind: 'delivery', templateId, msgid, isDelivered: true, atMs: clock.nowMs() }] as const
    await hear(runtime, touser, `report of ${msgid}`, news)
  }
}

/** A user with two grants, and a message to them whose process stops at its n-th point. */
async function stopSendAt(n: number) {
  const world = await createGrantWorld()
  const phone = world.simulator.phone('alice')
  const origin = world.wechatUser('alice')
  for (let tap = 0; tap < 2; tap++)
    await world.call(recordSubscription, { results: phone.acceptSubscribe(TEMPLATE_ID) }, origin)

  const process = createStoppable(n)
  const call = { origin, input: { value: MESSAGE }, requestId: 'request-1' }
  const first: Promise<Reply> = invoke(sendSubscribeMessage, call, world.boot(process.wrap))
  await Promise.race([first, process.stopped])
  return {
    world,
    first,
    stoppedAt: process.stoppedAt,
    thaw: process.thaw,
    repeat() {
      world.restart()
      return world.call(sendSubscribeMessage, MESSAGE, origin, { requestId: 'request-1' })
    },
    another() {
      world.restart()
      return world.call(sendSubscribeMessage, { ...MESSAGE, requestKey: 'order-8' }, origin)
    },
    sent: () => world.simulator.sentMessages.length,
    grantsLeft: () => world.simulator.grantsLeft(phone.openid, TEMPLATE_ID),
  }
}

type StoppedSend = Awaited<ReturnType<typeof stopSendAt>>

async function atEveryPoint(visit: (stopped: StoppedSend) => Promise<void>): Promise<string[]> {
  const names: string[] = []
  for (;;) {
    const stopped = await stopSendAt(names.length)
    if (stopped.stoppedAt === undefined) {
      expect(codeOf(await stopped.first)).toBe('OK')
      return names
    }
    names.push(stopped.stoppedAt)
    await visit(stopped)
  }
}

test(
  'a message whose process is killed at any point goes out once at most, is sent by a repeat if it was never begun, and the ledger comes to agree with WeChat',
  async () => {
    const told: [string, string, string][] = []
    const names = await atEveryPoint(async (stopped) => {
      const { world, repeat, another, sent, grantsLeft, stoppedAt = '' } = stopped
      world.clock.advance(BEYOND_LEASES_MS)
      const meanwhile = tellOf(await repeat())
      await reportAll(world)
      told.push([stoppedAt, meanwhile, tellOf(await repeat())])
      expect(sent()).toBeLessThanOrEqual(1)

      // Nobody is locked out by the dead.
      expect([stoppedAt, codeOf(await another())]).toEqual([stoppedAt, 'OK'])
      await reportAll(world)
      world.clock.advance(HOUR_MS)
      expect([stoppedAt, await remainingOf(world)]).toEqual([stoppedAt, grantsLeft()])
    })

    const reservedAt = names.indexOf('after compareAndSet grants')
    const sentAt = names.indexOf('after send /cgi-bin/message/subscribe/send')
    const enteredAt = names.lastIndexOf('after compareAndSet grants')
    expect([0 < reservedAt, reservedAt < sentAt, sentAt < enteredAt]).toEqual([true, true, true])
    expect(told).toEqual(
      names.map((point, at) => {
        if (at < reservedAt) return [point, 'OK', 'OK again']
        if (at < sentAt) return [point, 'OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']
        return [point, at < enteredAt ? 'OUTCOME_UNKNOWN' : 'OK again', 'OK again']
      }),
    )
  },
  TIMEOUT_MS,
)

test(
  'a message whose process is frozen at any point and thaws goes out once, and what was told stays true',
  async () => {
    await atEveryPoint(async ({ world, first, thaw, repeat, sent, grantsLeft, stoppedAt }) => {
      world.clock.advance(BEYOND_LEASES_MS)
      const meanwhile = tellOf(await repeat())
      thaw()
      await first
      await reportAll(world)
      const later = tellOf(await repeat())

      const isTrue = meanwhile === 'OUTCOME_UNKNOWN' ? [meanwhile, 'OK again'] : ['OK again']
      expect([stoppedAt, isTrue.includes(later)]).toEqual([stoppedAt, true])
      expect(sent()).toBeLessThanOrEqual(1)
      world.clock.advance(HOUR_MS)
      expect([stoppedAt, await remainingOf(world)]).toEqual([stoppedAt, grantsLeft()])
    })
  },
  TIMEOUT_MS,
)

/** Slow enough for news to be left in the inbox as well. */
function slowed(store: StateStore): StateStore {
  const later =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await sleep(150)
      return work(...args)
    }
  return {
    get: later(store.get),
    putIfAbsent: later(store.putIfAbsent),
    compareAndSet: later(store.compareAndSet),
    deleteIf: later(store.deleteIf),
  }
}

test(
  'news whose process is killed at any point count once: at once if WeChat was answered, else when it tells them again',
  async () => {
    const visit = async (n: number): Promise<string | undefined> => {
      const world = await createGrantWorld()
      const { openid } = world.simulator.phone('alice')
      const news = [
        { kind: 'tap', templateId: TEMPLATE_ID, isAccepted: true, atMs: world.clock.nowMs() },
      ] as const
      const process = createStoppable(n)
      let isAnswered = false
      const dying = world.boot((effects) =>
        process.wrap({ ...effects, memoryStore: slowed(effects.memoryStore) }),
      )
      const first = hear(dying, openid, 'news-1', news).then(() => {
        isAnswered = true
      })
      await Promise.race([process.stopped, first.then(() => sleep(2000))])
      const { stoppedAt } = process

      if (isAnswered) expect([stoppedAt, await remainingOf(world)]).toEqual([stoppedAt, 1])
      await hear(world.runtime, openid, 'news-1', news)
      expect([stoppedAt, await remainingOf(world)]).toEqual([stoppedAt, 1])
      expect(await world.store.get(`${APP_ID}:grantInbox:${handleOf(openid)}`)).toBeUndefined()
      return stoppedAt
    }

    const names = await Promise.all(Array.from({ length: 16 }, (_, n) => visit(n)))

    for (const point of [
      'before get grants',
      'before putIfAbsent grants',
      'after putIfAbsent grants',
      'before putIfAbsent grantInbox',
      'after putIfAbsent grantInbox',
      'after deleteIf grantInbox',
      undefined,
    ])
      expect(names).toContain(point)
  },
  TIMEOUT_MS,
)
