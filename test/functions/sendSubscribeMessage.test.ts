import { describe, expect, test } from 'vitest'
import sendSubscribeMessage from '../../functions/sendSubscribeMessage/index.ts'
import type { Fault } from '../../scripts/simulator/faults.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { Call } from '../../shared/function/invoke.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { codeOf, createWorld, dataOf, NOBODY, SERVER, TEMPLATE_ID, TIMER } from '../support/world.ts'

const SEND = '/cgi-bin/message/subscribe/send'
const DATA = { thing1: '红茶 x 2', date2: '2026年1月15日', amount3: '¥12.50' }
const MESSAGE = { templateId: TEMPLATE_ID, data: DATA }
const SENT = { status: 'sent', msgid: '1864323726461255681' }

type WorldOptions = Parameters<typeof createWorld>[0]

/** A world in which Alice has allowed some messages. */
async function createSubscribedWorld(grants = 1, { effects, ...options }: WorldOptions = {}) {
  const world = await createWorld({ ...options, effects: { random: promptRandom, ...effects } })
  const phone = world.simulator.phone('alice')
  for (let grant = 0; grant < grants; grant++) phone.acceptSubscribe(TEMPLATE_ID)
  const alice = world.wechatUser('alice')

  return {
    world,
    simulator: world.simulator,
    openid: phone.openid,
    send: (input: unknown = MESSAGE, origin: Origin = alice, more?: Partial<Call>) =>
      world.call(sendSubscribeMessage, input, origin, more),
    asked: () => world.simulator.requests(SEND).length,
    sent: () => world.simulator.sentMessages.length,
  }
}

describe('a message', () => {
  test('reaches the user as it was written, and its id is exact', async () => {
    const { send, simulator, openid } = await createSubscribedWorld()

    expect(dataOf(await send({ ...MESSAGE, page: 'pages/order/detail?id=7' }))).toEqual(SENT)

    expect(simulator.sentMessages).toMatchObject([
      {
        touser: openid,
        templateId: TEMPLATE_ID,
        data: DATA,
        page: 'pages/order/detail?id=7',
        msgid: '1864323726461255681',
      },
    ])
  })

  test("may be written in WeChat's own shape", async () => {
    const { send, simulator } = await createSubscribedWorld()
    const data = Object.fromEntries(Object.entries(DATA).map(([key, value]) => [key, { value }]))

    expect(dataOf(await send({ ...MESSAGE, data }))).toEqual(SENT)

    expect(simulator.sentMessages).toMatchObject([{ data: DATA }])
  })

  test('is formal and in Chinese unless said otherwise', async () => {
    const { send, simulator } = await createSubscribedWorld(2)

    await send()
    await send({ ...MESSAGE, miniprogramState: 'trial', lang: 'en_US' })

    expect(simulator.requests(SEND).map(({ body }) => JSON.parse(body))).toMatchObject([
      { miniprogram_state: 'formal', lang: 'zh_CN' },
      { miniprogram_state: 'trial', lang: 'en_US' },
    ])
    expect(simulator.requests(SEND)[0]?.body).not.toContain('page')
  })

  test('may come without an id', async () => {
    const { send, simulator } = await createSubscribedWorld()
    simulator.faults.add({ path: SEND, body: '{"errcode":0,"errmsg":"ok"}' })

    expect(dataOf(await send())).toEqual({ status: 'sent' })
  })
})

describe('the recipient', () => {
  test('of a user is the user', async () => {
    const { world, send, simulator, openid } = await createSubscribedWorld()
    const bearer = await world.logIn('alice')

    expect(codeOf(await send(MESSAGE, bearer))).toBe('OK')

    expect(simulator.sentMessages).toMatchObject([{ touser: openid }])
  })

  test('of a server is whom it names', async () => {
    const { send, simulator, openid } = await createSubscribedWorld()

    expect(codeOf(await send({ ...MESSAGE, touser: openid }, SERVER))).toBe('OK')

    expect(simulator.sentMessages).toMatchObject([{ touser: openid }])
  })

  test('is nobody else that a user names', async () => {
    const { world, send, asked } = await createSubscribedWorld()
    const { openid: touser } = world.simulator.phone('bob')

    expect(await send({ ...MESSAGE, touser })).toMatchObject({
      error: { code: 'FORBIDDEN', field: 'touser' },
    })

    expect(asked()).toBe(0)
  })

  test('is not for a user to name, not even themselves', async () => {
    const { send, asked, openid } = await createSubscribedWorld()

    expect(await send({ ...MESSAGE, touser: openid })).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'touser' },
    })

    expect(asked()).toBe(0)
  })

  test('is for a server to name', async () => {
    const { send, asked } = await createSubscribedWorld()

    expect(await send(MESSAGE, SERVER)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'touser' },
    })

    expect(asked()).toBe(0)
  })

  test('that WeChat does not know is INVALID_ARGUMENT', async () => {
    const { send } = await createSubscribedWorld()

    expect(await send({ ...MESSAGE, touser: 'o-nobody' }, SERVER)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'touser', upstream: { errcode: 40003 } },
    })
  })

  test.each([
    ['nobody', NOBODY, 'UNAUTHENTICATED'],
    ['a timer', TIMER, 'FORBIDDEN'],
  ])('gets nothing from %s', async (_, origin, code) => {
    const { send, asked } = await createSubscribedWorld()

    expect(codeOf(await send(MESSAGE, origin))).toBe(code)

    expect(asked()).toBe(0)
  })
})

describe('a template', () => {
  test.each([
    ['that is not listed', TEMPLATE_ID.slice(0, -1)],
    ['when none is listed', ''],
  ])('%s is not for users', async (_, WECHAT_SUBSCRIBE_TEMPLATES) => {
    const { send, asked } = await createSubscribedWorld(1, { environment: { WECHAT_SUBSCRIBE_TEMPLATES } })

    expect(await send()).toMatchObject({ error: { code: 'FORBIDDEN', field: 'templateId' } })

    expect(asked()).toBe(0)
  })

  test('that is not listed is for servers', async () => {
    const environment = { WECHAT_SUBSCRIBE_TEMPLATES: '' }
    const { send, openid } = await createSubscribedWorld(1, { environment })

    expect(codeOf(await send({ ...MESSAGE, touser: openid }, SERVER))).toBe('OK')
  })

  test('that WeChat does not know is UPSTREAM_REJECTED', async () => {
    const { send, openid } = await createSubscribedWorld()

    expect(await send({ ...MESSAGE, templateId: 'unknown', touser: openid }, SERVER)).toMatchObject({
      error: { code: 'UPSTREAM_REJECTED', upstream: { errcode: 40037, rid: expect.any(String) } },
    })
  })
})

describe('an input that can be refused here is refused before WeChat is asked', () => {
  test.each<[string, object, string, string]>([
    ['no template', { templateId: undefined }, 'INVALID_ARGUMENT', 'templateId'],
    ['a template id with a blank', { templateId: 'a b' }, 'INVALID_ARGUMENT', 'templateId'],
    ['no data', { data: undefined }, 'INVALID_ARGUMENT', 'data'],
    ['data that is a text', { data: 'thing1' }, 'INVALID_ARGUMENT', 'data'],
    ['data that is a list', { data: ['tea'] }, 'INVALID_ARGUMENT', 'data'],
    ['a value that is a number', { data: { amount3: 12 } }, 'INVALID_ARGUMENT', 'data.amount3'],
    [
      'a value within a value',
      { data: { thing1: { value: { value: 'a' } } } },
      'INVALID_ARGUMENT',
      'data.thing1',
    ],
    [
      'a value with a colour',
      { data: { thing1: { value: 'a', color: '#000' } } },
      'INVALID_ARGUMENT',
      'data.thing1',
    ],
    ['data without values', { data: {} }, 'TEMPLATE_DATA_INVALID', 'data'],
    [
      'a value of 21 characters',
      { data: { thing1: '茶'.repeat(21) } },
      'TEMPLATE_DATA_INVALID',
      'data.thing1',
    ],
    ['an empty value', { data: { thing1: '' } }, 'TEMPLATE_DATA_INVALID', 'data.thing1'],
    [
      'a second value that is at fault',
      { data: { ...DATA, date2: 'soon' } },
      'TEMPLATE_DATA_INVALID',
      'data.date2',
    ],
    ['a page with a slash', { page: '/pages/index/index' }, 'PAGE_INVALID', 'page'],
    ['a page elsewhere', { page: 'https://example.com' }, 'PAGE_INVALID', 'page'],
    ['an unknown state', { miniprogramState: 'release' }, 'INVALID_ARGUMENT', 'miniprogramState'],
    ['an unknown language', { lang: 'fr_FR' }, 'INVALID_ARGUMENT', 'lang'],
    ['an empty request key', { requestKey: '' }, 'INVALID_ARGUMENT', 'requestKey'],
    ['a request key of 129 characters', { requestKey: 'k'.repeat(129) }, 'INVALID_ARGUMENT', 'requestKey'],
    ['a request key with a blank', { requestKey: 'a b' }, 'INVALID_ARGUMENT', 'requestKey'],
    ['an openid', { openid: 'o-eve' }, 'INVALID_ARGUMENT', 'openid'],
  ])('%s', async (_, fields, code, field) => {
    const { world, send } = await createSubscribedWorld()

    expect(await send({ ...MESSAGE, ...fields })).toMatchObject({ ok: false, error: { code, field } })

    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })
})

describe('a refusal by WeChat', () => {
  test('for want of a grant is USER_REFUSED, and told again without asking', async () => {
    const { send, asked } = await createSubscribedWorld(0)
    const input = { ...MESSAGE, requestKey: 'order-7' }
    const refused = { error: { code: 'USER_REFUSED', upstream: { errcode: 43101, rid: expect.any(String) } } }

    expect(await send(input)).toMatchObject(refused)
    expect(await send(input)).toMatchObject(refused)

    expect(asked()).toBe(1)
  })

  test('of a value names its field', async () => {
    const { send, simulator } = await createSubscribedWorld()
    const errmsg = 'argument invalid! data.date2.value invalid'
    simulator.faults.add({ path: SEND, errcode: 47003, errmsg })

    expect(await send()).toMatchObject({ error: { code: 'TEMPLATE_DATA_INVALID', field: 'data.date2' } })
  })

  test('of a keyword that the template lacks names it', async () => {
    const { send } = await createSubscribedWorld()

    expect(await send({ ...MESSAGE, data: { ...DATA, thing9: 'tea' } })).toMatchObject({
      error: { code: 'TEMPLATE_DATA_INVALID', field: 'data.thing9', upstream: { errcode: 47003 } },
    })
  })

  test('of a page that is not released is PAGE_INVALID', async () => {
    const { send, sent } = await createSubscribedWorld()

    expect(await send({ ...MESSAGE, page: 'pages/none' })).toMatchObject({
      error: { code: 'PAGE_INVALID', field: 'page', upstream: { errcode: 41030 } },
    })

    expect(sent()).toBe(0)
  })

  test.each<[string, Omit<Fault, 'path'>, string]>([
    ['the daily quota', { errcode: 45009 }, 'RATE_LIMITED'],
    ['messages at the same time', { errcode: 43108 }, 'RATE_LIMITED'],
    ['HTTP 429', { status: 429 }, 'RATE_LIMITED'],
    ['a missing permission', { errcode: 48001 }, 'CONFIG_ERROR'],
  ])('for %s passes: the same request may be sent later', async (_, fault, code) => {
    const { send, sent, simulator } = await createSubscribedWorld()
    const input = { ...MESSAGE, requestKey: 'order-7' }
    simulator.faults.add({ path: SEND, ...fault })

    expect(codeOf(await send(input))).toBe(code)
    expect(dataOf(await send(input))).toEqual(SENT)

    expect(sent()).toBe(1)
  })
})

describe('a request key', () => {
  test('sends once, and tells a repeat of it', async () => {
    const { send, sent } = await createSubscribedWorld(2)
    const input = { ...MESSAGE, requestKey: 'order-7' }
    await send(input)

    expect(dataOf(await send(input))).toEqual({ ...SENT, repeated: true })

    expect(sent()).toBe(1)
  })

  test("defaults to the platform's id of the invocation", async () => {
    const { world, send, sent } = await createSubscribedWorld(3)
    const alice = world.wechatUser('alice')
    await send(MESSAGE, alice, { requestId: 'invocation-1' })

    expect(dataOf(await send(MESSAGE, alice, { requestId: 'invocation-1' }))).toMatchObject({
      repeated: true,
    })
    expect(dataOf(await send(MESSAGE, alice, { requestId: 'invocation-2' }))).not.toHaveProperty('repeated')

    expect(sent()).toBe(2)
  })

  test.each([
    ['other data', { data: { ...DATA, thing1: '绿茶' } }],
    ['another page', { page: 'pages/index/index' }],
    ['another language', { lang: 'en_US' }],
  ])('with %s is IDEMPOTENCY_MISMATCH', async (_, fields) => {
    const { send, sent } = await createSubscribedWorld(2)
    await send({ ...MESSAGE, requestKey: 'order-7' })

    expect(codeOf(await send({ ...MESSAGE, ...fields, requestKey: 'order-7' }))).toBe('IDEMPOTENCY_MISMATCH')

    expect(sent()).toBe(1)
  })

  test("is the caller's own: the same one of another user or a server is another", async () => {
    const { world, send, sent, openid } = await createSubscribedWorld(2)
    world.simulator.phone('bob').acceptSubscribe(TEMPLATE_ID)
    const input = { ...MESSAGE, requestKey: 'order-7' }

    expect(dataOf(await send(input))).not.toHaveProperty('repeated')
    expect(dataOf(await send(input, world.wechatUser('bob')))).not.toHaveProperty('repeated')
    expect(dataOf(await send({ ...input, touser: openid }, SERVER))).not.toHaveProperty('repeated')

    expect(sent()).toBe(3)
  })

  test('of sixty-four requests at once sends one message', async () => {
    const { send, sent, asked } = await createSubscribedWorld(64)
    const input = { ...MESSAGE, requestKey: 'order-7' }

    const codes = (await Promise.all(Array.from({ length: 64 }, () => send(input)))).map(codeOf)

    expect(codes.filter((code) => code === 'OK').length).toBeGreaterThanOrEqual(1)
    expect(codes.filter((code) => code !== 'OK' && code !== 'IN_PROGRESS')).toEqual([])
    expect(asked()).toBe(1)
    expect(sent()).toBe(1)
  })
})

describe('when something fails', () => {
  test('a token that has died is renewed and the message sent once', async () => {
    const { world, send, sent } = await createSubscribedWorld(2)
    await send()
    world.simulator.killAccessTokens()

    expect(codeOf(await send())).toBe('OK')

    expect(sent()).toBe(2)
    expect(world.simulator.accepted(SEND)).toBe(2)
  })

  test.each<[string, Omit<Fault, 'path'>]>([
    ['the connection is lost after WeChat took it', { reset: 'afterTaken' }],
    ['a gateway fails on the way back', { status: 502, afterTaken: true }],
    ['the answer is cut off', { cutAfterBytes: 10 }],
    ['no answer comes', { hang: 'afterTaken' }],
  ])('and %s, nobody knows the outcome, and it is never sent again', async (_, fault) => {
    const { world, send, sent, asked } = await createSubscribedWorld(3, {
      effects: { clock: createRunningClock() },
    })
    const input = { ...MESSAGE, requestKey: 'order-7' }
    world.simulator.faults.add({ path: SEND, ...fault })

    expect(codeOf(await send(input, undefined, { remainingMs: 800 }))).toBe('OUTCOME_UNKNOWN')
    expect(world.simulator.accepted(SEND)).toBe(1)
    expect(world.simulator.answered(SEND)).toBe(0)

    for (let repeat = 0; repeat < 3; repeat++) expect(codeOf(await send(input))).toBe('OUTCOME_UNKNOWN')
    expect(asked()).toBe(1)
    expect(sent()).toBe(1)
  })

  test('and the store is down, nothing is sent', async () => {
    const { world, send, asked } = await createSubscribedWorld()
    world.store.isDown = true

    expect(codeOf(await send())).toBe('STATE_UNAVAILABLE')

    expect(asked()).toBe(0)
  })

  test('and the store goes down after it was sent, the answer is given, and a repeat does not send', async () => {
    const { world, send, sent, simulator } = await createSubscribedWorld(2)
    const input = { ...MESSAGE, requestKey: 'order-7' }
    await world.runtime.accessTokens().current(world.clock.nowMs() + 5000)
    simulator.faults.add({ path: SEND, latencyMs: 60 })
    const sending = send(input)
    while (sent() === 0) await new Promise((resolve) => setImmediate(resolve))
    world.store.isDown = true

    expect(dataOf(await sending)).toEqual(SENT)

    world.store.isDown = false
    expect(codeOf(await send(input))).toBe('IN_PROGRESS')
    world.clock.advance(20_000)
    expect(codeOf(await send(input))).toBe('OUTCOME_UNKNOWN')
    expect(sent()).toBe(1)
  })

  test('and the token cannot be fetched, nothing was sent and the same request may be sent later', async () => {
    const { send, sent, simulator } = await createSubscribedWorld()
    const input = { ...MESSAGE, requestKey: 'order-7' }
    simulator.faults.add({ path: '/cgi-bin/stable_token', status: 503, times: 3 })

    expect(codeOf(await send(input))).toBe('UPSTREAM_UNAVAILABLE')
    expect(dataOf(await send(input))).toEqual(SENT)

    expect(sent()).toBe(1)
  })

  test('and WeChat refuses the fetch of the token for a reason of its own, the message is not judged yet', async () => {
    const { world, send, sent, simulator } = await createSubscribedWorld()
    simulator.faults.add({ path: '/cgi-bin/stable_token', errcode: 89999 })
    const keyed = { ...MESSAGE, requestKey: 'order-7' }

    expect(codeOf(await send(keyed))).toBe('UPSTREAM_REJECTED')
    expect(sent()).toBe(0)

    world.restart()
    expect(dataOf(await send(keyed))).toEqual(SENT)
  })
})
