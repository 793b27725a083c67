import { describe, expect, test } from 'vitest'
import recordSubscription from '../../functions/recordSubscription/index.ts'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { type Call, invoke } from '../../shared/function/invoke.ts'
import type { Effects } from '../../shared/platform/createRuntime.ts'
import type { Transport } from '../../shared/ports/transport.ts'
import { receiveNews } from '../../shared/state/grantLedger.ts'
import { handleOf } from '../../shared/state/sessionToken.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { codeOf, createWorld, dataOf, SERVER, TEMPLATE_ID, type World } from '../support/world.ts'

const SEND = '/cgi-bin/message/subscribe/send'
const MESSAGE = { templateId: TEMPLATE_ID, data: { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' } }
const ENFORCED: Environment = { SUBSCRIBE_LEDGER: 'enforce' }
const MSGID = '1864323726461255681'
const HOUR_MS = 3_600_000

async function createLedgerWorld(environment: Environment = {}, effects: Partial<Effects> = {}) {
  const world = await createWorld({ environment, effects: { random: promptRandom, ...effects } })
  const { simulator } = world
  const phone = simulator.phone('alice')
  const alice = world.wechatUser('alice')
  let told = 0
  return {
    world,
    simulator,
    phone,
    send: (input: object = {}, origin: Origin = alice, more?: Partial<Call>) =>
      world.call(sendSubscribeMessage, { ...MESSAGE, ...input }, origin, more),
    /** The user agrees, and the front end tells so. */
    async accept(times = 1) {
      for (let tap = 0; tap < times; tap++)
        dataOf(await world.call(recordSubscription, { results: phone.acceptSubscribe(TEMPLATE_ID) }, alice))
    },
    /** The front end tells of a consent that nobody gave. */
    forge: async () =>
      dataOf(await world.call(recordSubscription, { results: { [TEMPLATE_ID]: 'accept' } }, alice)),
    async remaining() {
      const results = { [TEMPLATE_ID]: 'filter' }
      return dataOf(await world.call(recordSubscription, { results }, alice)).remaining[TEMPLATE_ID]
    },
    report: (isDelivered = true, msgid = MSGID) =>
      receiveNews(
        { records: world.runtime.records(), clock: world.clock },
        phone.openid,
        {
          id: `report-${told++}`,
          news: [
            { kind: 'delivery', templateId: TEMPLATE_ID, msgid, isDelivered, atMs: world.clock.nowMs() },
          ],
        },
        { longTermTemplates: [] },
      ),
    asked: () => simulator.requests(SEND).length,
    sent: () => simulator.sentMessages.length,
  }
}

describe('a ledger that advises', () => {
  test('tells what remains once it has heard of a grant, and lets WeChat decide', async () => {
    const { send, accept, phone } = await createLedgerWorld()
    phone.acceptSubscribe(TEMPLATE_ID)
    expect(dataOf(await send())).not.toHaveProperty('remaining')

    await accept(2)
    phone.acceptSubscribe(TEMPLATE_ID)

    expect(dataOf(await send())).toMatchObject({ remaining: 1 })
    expect(dataOf(await send())).toMatchObject({ remaining: 0 })
    expect(dataOf(await send())).toMatchObject({ status: 'sent', remaining: 0 })
    expect(codeOf(await send())).toBe('USER_REFUSED')
  })

  test('tells a repeat what it has told the first', async () => {
    const { send, accept } = await createLedgerWorld()
    await accept(3)
    const first = dataOf(await send({ requestKey: 'order-7' }))
    await send()

    expect(dataOf(await send({ requestKey: 'order-7' }))).toEqual({ ...first, repeated: true })
  })

  test('counts what a server sends to the user', async () => {
    const { send, accept, phone, remaining } = await createLedgerWorld()
    await accept(2)

    expect(dataOf(await send({ touser: phone.openid }, SERVER))).toMatchObject({ remaining: 1 })

    expect(await remaining()).toBe(1)
  })

  test('does not count what is for good', async () => {
    const environment = { WECHAT_LONG_TERM_TEMPLATES: TEMPLATE_ID, ...ENFORCED }
    const { send, accept, remaining, phone } = await createLedgerWorld(environment)
    await accept()
    phone.acceptSubscribe(TEMPLATE_ID)

    for (let message = 0; message < 2; message++) expect(dataOf(await send())).not.toHaveProperty('remaining')
    expect(await remaining()).toBe(1)
  })
})

describe('a ledger that is enforced', () => {
  test('lets nothing out without a known grant, asks nobody, and keeps no request key', async () => {
    const { send, accept, asked, sent, phone } = await createLedgerWorld(ENFORCED)
    phone.acceptSubscribe(TEMPLATE_ID)

    expect(await send({ requestKey: 'order-7' })).toMatchObject({
      error: { code: 'USER_REFUSED', retryable: false, reason: 'no grant is known' },
    })
    expect(asked()).toBe(0)

    await accept()
    expect(dataOf(await send({ requestKey: 'order-7' }))).not.toHaveProperty('repeated')
    expect(sent()).toBe(1)
  })

  test('does not spend a budget on what it refuses', async () => {
    const { send, accept } = await createLedgerWorld({ ...ENFORCED, USER_SENDS_PER_DAY: '1' })
    for (let attempt = 0; attempt < 3; attempt++) expect(codeOf(await send())).toBe('USER_REFUSED')

    await accept()

    expect(codeOf(await send())).toBe('OK')
  })

  test('lets seven of sixty-four messages out where seven are granted', async () => {
    const { send, accept, sent, asked, remaining } = await createLedgerWorld(ENFORCED)
    await accept(7)

    const codes = (await Promise.all(Array.from({ length: 64 }, () => send()))).map(codeOf)

    expect(codes.filter((code) => code === 'OK')).toHaveLength(7)
    expect(codes.filter((code) => code === 'USER_REFUSED')).toHaveLength(57)
    expect([asked(), sent(), await remaining()]).toEqual([7, 7, 0])
  })

  test('lets seven of sixty-four messages out that as many processes send', async () => {
    const { world, accept, sent } = await createLedgerWorld(ENFORCED)
    await accept(7)
    const origin = world.wechatUser('alice')

    const replies = await Promise.all(
      Array.from({ length: 64 }, (_, index) => {
        const call = { origin, input: { value: MESSAGE }, requestId: `process-${index}` }
        return invoke(
          sendSubscribeMessage,
          call,
          world.boot(() => ({})),
        )
      }),
    )

    expect(replies.map(codeOf).filter((code) => code === 'OK')).toHaveLength(7)
    expect(sent()).toBe(7)
  })
})

describe('WeChat’s own word', () => {
  test.each(['advise', 'enforce'])('that nothing is left sets the count right (%s)', async (mode) => {
    const { send, accept, forge, remaining, asked } = await createLedgerWorld({ SUBSCRIBE_LEDGER: mode })
    await forge()
    await forge()

    expect(codeOf(await send())).toBe('USER_REFUSED')
    expect(asked()).toBe(1)

    expect(await remaining()).toBe(0)
    await accept()
    expect(dataOf(await send())).toMatchObject({ remaining: 0 })
  })

  test.each([
    ['the rate is limited', { errcode: 45009 }, 'RATE_LIMITED'],
    ['another message is under way', { errcode: 43108 }, 'RATE_LIMITED'],
    ['a value is at fault', { errcode: 47003 }, 'TEMPLATE_DATA_INVALID'],
    ['the API is not granted', { errcode: 48001 }, 'CONFIG_ERROR'],
  ])('that %s leaves the grant', async (_, fault, code) => {
    const { send, accept, remaining, simulator } = await createLedgerWorld(ENFORCED)
    await accept()
    simulator.faults.add({ path: SEND, ...fault })

    expect(codeOf(await send())).toBe(code)

    expect(await remaining()).toBe(1)
    expect(codeOf(await send())).toBe('OK')
  })

  test('that cannot be asked for leaves the grant', async () => {
    const { send, accept, remaining, simulator } = await createLedgerWorld(ENFORCED)
    await accept()
    simulator.faults.add({ path: '/cgi-bin/stable_token', errcode: 40164 })

    expect(codeOf(await send())).toBe('CONFIG_ERROR')

    expect(await remaining()).toBe(1)
  })
})

describe('a message of which no answer came', () => {
  /** A message that WeChat took and of which we have not heard. */
  async function createLost(environment: Environment = {}) {
    const ledger = await createLedgerWorld(environment)
    await ledger.accept(3)
    ledger.simulator.faults.add({ path: SEND, reset: 'afterTaken' })
    expect(codeOf(await ledger.send({ requestKey: 'order-7' }))).toBe('OUTCOME_UNKNOWN')
    return { ...ledger, repeat: () => ledger.send({ requestKey: 'order-7' }) }
  }

  test('has used its grant, until nothing is reported for an hour', async () => {
    const { world, repeat, remaining } = await createLost()
    expect(codeOf(await repeat())).toBe('OUTCOME_UNKNOWN')
    expect(await remaining()).toBe(2)

    world.clock.advance(HOUR_MS)

    expect(await remaining()).toBe(3)
    expect(codeOf(await repeat())).toBe('OUTCOME_UNKNOWN')
  })

  test.each([
    ['has reached the user', true],
    ['has not reached the user', false],
  ])('was sent when WeChat reports that it %s', async (_, isDelivered) => {
    const { world, repeat, report, remaining, sent } = await createLost()
    expect(codeOf(await repeat())).toBe('OUTCOME_UNKNOWN')
    world.clock.advance(2 * HOUR_MS)

    await report(isDelivered)

    const told = { status: 'sent', msgid: MSGID, remaining: 2, repeated: true }
    expect(dataOf(await repeat())).toEqual(told)
    expect(dataOf(await repeat())).toEqual(told)
    expect([await remaining(), sent()]).toEqual([2, 1])
  })

  test('is answered as sent when the report comes before it is given up', async () => {
    const { world, simulator, accept, send, report, sent } = await createLedgerWorld(
      {},
      { clock: createRunningClock() },
    )
    await accept(2)
    await world.runtime.accessTokens().current(world.clock.nowMs() + 5000)
    simulator.faults.add({ path: SEND, hang: 'afterTaken' })
    const sending = send({ requestKey: 'order-7' }, undefined, { remainingMs: 1500 })
    while (sent() === 0) await new Promise((resolve) => setTimeout(resolve, 5))

    await report()

    const told = { status: 'sent', msgid: MSGID, remaining: 1 }
    expect(dataOf(await sending)).toEqual(told)
    expect(dataOf(await send({ requestKey: 'order-7' }))).toEqual({ ...told, repeated: true })
    expect(sent()).toBe(1)
  })

  test('is not the one that a report of another message is about', async () => {
    const { send, repeat, report } = await createLost()
    const { msgid } = dataOf(await send())

    await report(true, msgid)

    expect(codeOf(await repeat())).toBe('OUTCOME_UNKNOWN')
  })

  test('keeps nobody waiting', async () => {
    const { send } = await createLost()

    expect(codeOf(await send())).toBe('OK')
  })
})

describe('messages to one user', () => {
  /** Two processes and a slow WeChat, with how many requests to it were under way at once. */
  async function createTwo() {
    const ledger = await createLedgerWorld({}, { clock: createRunningClock() })
    const { world, simulator, phone } = ledger
    for (let grant = 0; grant < 20; grant++) phone.acceptSubscribe(TEMPLATE_ID)
    simulator.faults.add({ path: SEND, times: Number.POSITIVE_INFINITY, latencyMs: 30 })
    let underWay = 0
    let mostAtOnce = 0
    const watched = ({ send }: Transport): Transport => ({
      async send(request) {
        if (!request.url.includes(SEND)) return send(request)
        mostAtOnce = Math.max(mostAtOnce, ++underWay)
        return send(request).finally(() => underWay--)
      },
    })
    const processes = [1, 2].map(() => world.boot(({ transport }) => ({ transport: watched(transport) })))
    return {
      ...ledger,
      sendAll: (times: number, inputOf: (world: World) => { input: object; origin: Origin }) => {
        const { input, origin } = inputOf(world)
        const calls = Array.from({ length: times }, (_, index) => {
          const call = { origin, input: { value: input }, requestId: `request-${index}` }
          const process = processes[index % processes.length]
          return process && invoke(sendSubscribeMessage, call, process)
        })
        return Promise.all(calls)
      },
      mostAtOnce: () => mostAtOnce,
    }
  }

  test('never overlap, whichever process sends them', async () => {
    const { sendAll, mostAtOnce, sent } = await createTwo()

    const replies = await sendAll(16, (world) => ({ input: MESSAGE, origin: world.wechatUser('alice') }))

    expect(replies.map((reply) => reply && codeOf(reply))).toEqual(replies.map(() => 'OK'))
    expect([mostAtOnce(), sent()]).toEqual([1, 16])
  })

  test('wait until shortly before their deadline, and are refused for the rate then', async () => {
    const { world, send, accept, sent, simulator, remaining } = await createLedgerWorld(
      {},
      { clock: createRunningClock() },
    )
    await accept(2)
    await world.runtime.accessTokens().current(world.clock.nowMs() + 5000)
    simulator.faults.add({ path: SEND, latencyMs: 1500 })
    const first = send()
    while (sent() === 0) await new Promise((resolve) => setTimeout(resolve, 5))

    expect(await send({ requestKey: 'order-7' }, undefined, { remainingMs: 2800 })).toMatchObject({
      error: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 1000 },
    })
    expect(sent()).toBe(1)

    expect(codeOf(await first)).toBe('OK')
    expect(await remaining()).toBe(1)
    expect(codeOf(await send({ requestKey: 'order-7' }))).toBe('OK')
  })
})

describe('a ledger that cannot be opened', () => {
  test.each(['advise', 'enforce'])('lets nothing out and is not begun anew (%s)', async (mode) => {
    const { world, accept, send, asked } = await createLedgerWorld({ SUBSCRIBE_LEDGER: mode })
    await accept()
    const key = `wx0123456789abcdef:grants:${handleOf(world.simulator.phone('alice').openid)}`
    const before = await world.store.get(key)

    world.restart({
      SUBSCRIBE_LEDGER: mode,
      STATE_KEYS: `k2:${Buffer.alloc(32, 2).toString('base64')}`,
    })
    expect(await send()).toMatchObject({
      error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') },
    })

    expect(asked()).toBe(0)
    expect(await world.store.get(key)).toEqual(before)
  })
})

test('a mode of the ledger that there is not is CONFIG_ERROR, and nothing is asked or written', async () => {
  const { world, send } = await createLedgerWorld({ SUBSCRIBE_LEDGER: 'strict' })

  expect(await send()).toMatchObject({
    error: { code: 'CONFIG_ERROR', message: 'SUBSCRIBE_LEDGER is malformed.' },
  })

  expect([world.simulator.requests(), world.store.operations]).toEqual([[], []])
})
