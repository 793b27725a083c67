import { describe, expect, test } from 'vitest'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { codeOf, createWorld, dataOf, SERVER, TEMPLATE_ID } from '../support/world.ts'

const SEND = '/cgi-bin/message/subscribe/send'
const DATA = { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' }
const MESSAGE = { templateId: TEMPLATE_ID, data: DATA }
/** At 08:00 UTC, when the tests begin, the day in China has eight hours left. */
const REST_OF_DAY_MS = 8 * 3_600_000

/** A world in which Alice and Bob want every message that they can get. */
async function createEagerWorld(environment: Environment, grants = 20) {
  const world = await createWorld({ environment, effects: { random: promptRandom } })
  const { simulator } = world
  for (const name of ['alice', 'bob']) {
    for (let grant = 0; grant < grants; grant++) simulator.phone(name).acceptSubscribe(TEMPLATE_ID)
  }
  const alice = world.wechatUser('alice')
  const touser = simulator.phone('alice').openid
  return {
    world,
    simulator,
    send: (input: object = {}, origin: Origin = alice) =>
      world.call(sendSubscribeMessage, { ...MESSAGE, ...input }, origin),
    sendAsServer: () => world.call(sendSubscribeMessage, { ...MESSAGE, touser }, SERVER),
    asked: () => simulator.requests(SEND).length,
    sent: () => simulator.sentMessages.length,
  }
}

const exceeded = (variable: string) => ({
  ok: false,
  error: {
    code: 'QUOTA_EXCEEDED',
    retryable: false,
    reason: `${variable} is used up for today`,
    retryAfterMs: REST_OF_DAY_MS,
  },
})

const LIMITS = [['USER_SENDS_PER_DAY'], ['USER_TEMPLATE_SENDS_PER_DAY'], ['TEMPLATE_SENDS_PER_DAY']] as const
const USER_LIMITS = LIMITS.slice(0, 2)

describe.each(LIMITS)('%s', (variable) => {
  test('lets so many messages of a user out, and no more before the day ends', async () => {
    const { world, send, asked, sent } = await createEagerWorld({ [variable]: '2' })
    expect([codeOf(await send()), codeOf(await send())]).toEqual(['OK', 'OK'])

    expect(await send()).toMatchObject(exceeded(variable))
    world.restart()
    expect(await send()).toMatchObject(exceeded(variable))
    expect(asked()).toBe(2)

    world.clock.advance(REST_OF_DAY_MS)
    expect(codeOf(await send())).toBe('OK')
    expect(sent()).toBe(3)
  })

  test('lets one of sixty-four messages out when one is left', async () => {
    const { send, asked } = await createEagerWorld({ [variable]: '1' }, 64)

    const codes = (await Promise.all(Array.from({ length: 64 }, () => send()))).map(codeOf)

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(63)
    expect(asked()).toBe(1)
  })

  test('is not spent by a repeat, nor by an input that is refused here', async () => {
    const { send } = await createEagerWorld({ [variable]: '2' })
    await send({ requestKey: 'order-7' })

    for (let repeat = 0; repeat < 3; repeat++) {
      expect(dataOf(await send({ requestKey: 'order-7' }))).toMatchObject({ repeated: true })
      expect(codeOf(await send({ requestKey: 'order-7', lang: 'en_US' }))).toBe('IDEMPOTENCY_MISMATCH')
      expect(codeOf(await send({ data: { thing1: '' } }))).toBe('TEMPLATE_DATA_INVALID')
    }

    expect(codeOf(await send())).toBe('OK')
  })

  test('that is used up leaves the request key for tomorrow', async () => {
    const { world, send } = await createEagerWorld({ [variable]: '1' })
    await send()
    expect(await send({ requestKey: 'order-7' })).toMatchObject(exceeded(variable))

    world.clock.advance(REST_OF_DAY_MS)

    expect(dataOf(await send({ requestKey: 'order-7' }))).not.toHaveProperty('repeated')
  })

  test.each([
    ['limits the rate', { errcode: 45009 }, 'RATE_LIMITED'],
    ['does not allow the API', { errcode: 48001 }, 'CONFIG_ERROR'],
  ])('is not spent where WeChat %s', async (_, fault, code) => {
    const { send, simulator } = await createEagerWorld({ [variable]: '1' })
    simulator.faults.add({ path: SEND, times: 3, ...fault })

    for (let attempt = 0; attempt < 3; attempt++) expect(codeOf(await send())).toBe(code)

    expect(codeOf(await send())).toBe('OK')
  })

  test('is not spent where WeChat was not reached', async () => {
    const { send, simulator } = await createEagerWorld({ [variable]: '1' })
    simulator.faults.add({ path: '/cgi-bin/stable_token', errcode: 40164, times: 1 })

    expect(codeOf(await send())).toBe('CONFIG_ERROR')

    expect(await send()).not.toMatchObject({ error: { code: 'QUOTA_EXCEEDED' } })
  })

  test('is spent by a message of which nobody knows the end', async () => {
    const { send, simulator } = await createEagerWorld({ [variable]: '1' })
    simulator.faults.add({ path: SEND, reset: 'afterTaken' })

    expect(codeOf(await send())).toBe('OUTCOME_UNKNOWN')

    expect(await send()).toMatchObject(exceeded(variable))
  })

  test('that is no number from 1 on is CONFIG_ERROR, and nothing is asked or written', async () => {
    for (const value of ['0', '-1', 'many']) {
      const { world, send } = await createEagerWorld({ [variable]: value })

      expect(await send()).toMatchObject({
        error: { code: 'CONFIG_ERROR', message: `${variable} is malformed.` },
      })

      expect(world.store.operations).toEqual([])
      expect(world.simulator.requests()).toEqual([])
    }
  })
})

describe.each(USER_LIMITS)('%s', (variable) => {
  test('is each user their own, however they come', async () => {
    const { world, send } = await createEagerWorld({ [variable]: '1' })
    await send()

    expect(await send({}, await world.logIn('alice'))).toMatchObject(exceeded(variable))
    expect(codeOf(await send({}, world.wechatUser('bob')))).toBe('OK')
  })

  test('binds no server', async () => {
    const { send, sendAsServer } = await createEagerWorld({ [variable]: '1' })
    await send()

    expect([codeOf(await sendAsServer()), codeOf(await sendAsServer())]).toEqual(['OK', 'OK'])
  })

  test('is spent by what WeChat refuses: a user could otherwise keep asking', async () => {
    const { send, asked } = await createEagerWorld({ [variable]: '1' }, 0)
    expect(codeOf(await send())).toBe('USER_REFUSED')

    expect(await send()).toMatchObject(exceeded(variable))

    expect(asked()).toBe(1)
  })
})

describe('USER_TEMPLATE_SENDS_PER_DAY', () => {
  test('is counted for each template, USER_SENDS_PER_DAY over all of them', async () => {
    const { send } = await createEagerWorld({
      WECHAT_SUBSCRIBE_TEMPLATES: `${TEMPLATE_ID},other`,
      USER_TEMPLATE_SENDS_PER_DAY: '2',
      USER_SENDS_PER_DAY: '3',
    })
    await send()
    await send()
    expect(await send()).toMatchObject(exceeded('USER_TEMPLATE_SENDS_PER_DAY'))

    expect(codeOf(await send({ templateId: 'other' }))).toBe('UPSTREAM_REJECTED')
    expect(await send({ templateId: 'other' })).toMatchObject(exceeded('USER_SENDS_PER_DAY'))
  })
})

describe('TEMPLATE_SENDS_PER_DAY', () => {
  const ENVIRONMENT = { TEMPLATE_SENDS_PER_DAY: '2' }

  test('binds users and servers together', async () => {
    const { world, send, sendAsServer } = await createEagerWorld(ENVIRONMENT)
    await send()
    await sendAsServer()

    for (const reply of [await send(), await sendAsServer(), await send({}, world.wechatUser('bob'))]) {
      expect(reply).toMatchObject(exceeded('TEMPLATE_SENDS_PER_DAY'))
    }
  })

  test('is not spent by what WeChat refuses: a user could otherwise use it up for all', async () => {
    const { world, send } = await createEagerWorld(ENVIRONMENT, 0)
    for (let attempt = 0; attempt < 5; attempt++) expect(codeOf(await send())).toBe('USER_REFUSED')
    for (let grant = 0; grant < 2; grant++) world.simulator.phone('bob').acceptSubscribe(TEMPLATE_ID)
    const bob = world.wechatUser('bob')

    expect([codeOf(await send({}, bob)), codeOf(await send({}, bob))]).toEqual(['OK', 'OK'])
  })

  test('is not spent where the user has nothing left, nor the other way round', async () => {
    const { world, send } = await createEagerWorld({ ...ENVIRONMENT, USER_SENDS_PER_DAY: '1' })
    await send()
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await send()).toMatchObject(exceeded('USER_SENDS_PER_DAY'))
    }

    expect(codeOf(await send({}, world.wechatUser('bob')))).toBe('OK')
  })
})

describe('a send', () => {
  const operationsOf = async (environment: Environment, isServer: boolean) => {
    const { world, send, sendAsServer } = await createEagerWorld(environment)
    await send()
    await sendAsServer()
    const before = world.store.operations.length
    await (isServer ? sendAsServer() : send())
    return world.store.operations.slice(before)
  }

  const CLAIM = ['putIfAbsent']
  const BUDGET = ['get', 'compareAndSet']
  const RESERVATION = ['get', 'compareAndSet']
  /** Of the grant, then of the request key. */
  const ENDS = ['compareAndSet', 'compareAndSet']

  test('of a user asks the store seven times: the claim, its budget, the grant, both ends', async () => {
    expect(await operationsOf({}, false)).toEqual([...CLAIM, ...BUDGET, ...RESERVATION, ...ENDS])
  })

  test('of a server asks it five times, and for a limited template twice more', async () => {
    expect(await operationsOf({}, true)).toEqual([...CLAIM, ...RESERVATION, ...ENDS])
    expect(await operationsOf({ TEMPLATE_SENDS_PER_DAY: '9' }, true)).toEqual([
      ...CLAIM,
      ...BUDGET,
      ...RESERVATION,
      ...ENDS,
    ])
  })

  test('whose budget cannot be counted goes nowhere, and its key works later', async () => {
    const { world, send, asked } = await createEagerWorld({})
    const { get } = world.store
    world.store.get = async (key) => {
      if (key.includes(':budget:')) world.store.isDown = true
      return get(key)
    }

    expect(codeOf(await send({ requestKey: 'order-7' }))).toBe('STATE_UNAVAILABLE')
    expect(asked()).toBe(0)

    world.store.get = get
    world.store.isDown = false
    expect(codeOf(await send({ requestKey: 'order-7' }))).toBe('IN_PROGRESS')
    world.clock.advance(30_000)
    expect(dataOf(await send({ requestKey: 'order-7' }))).not.toHaveProperty('repeated')
    expect(asked()).toBe(1)
  })
})
