import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Fault } from '../../scripts/simulator/faults.ts'
import { createHttpTransport } from '../../shared/platform/httpTransport.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import { createWechatClient } from '../../shared/wechat/client.ts'
import { checkText } from '../../shared/wechat/endpoints/checkText.ts'
import { getLimitedCode } from '../../shared/wechat/endpoints/getLimitedCode.ts'
import { getUserPhoneNumber } from '../../shared/wechat/endpoints/getUserPhoneNumber.ts'
import { sendSubscribeMessage } from '../../shared/wechat/endpoints/sendSubscribeMessage.ts'
import { createHttpsChannel } from '../../shared/wechat/httpsChannel.ts'
import type { UpstreamCall } from '../../shared/wechat/upstreamCall.ts'
import { findClosedPort } from '../support/findClosedPort.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { createTestClock, type TestClock } from '../support/testClock.ts'
import { createWorld, TEMPLATE_ID } from '../support/world.ts'

const ENDPOINTS = { checkText, getLimitedCode, getUserPhoneNumber, sendSubscribeMessage }
const TOKEN = '/cgi-bin/stable_token'
const READ = checkText.path
const SEND = sendSubscribeMessage.path
const CODE = getUserPhoneNumber.path

type Options = { readonly clock?: TestClock; readonly remainingMs?: number }

async function createClient({ clock = createTestClock(), remainingMs = 9500 }: Options = {}) {
  const world = await createWorld({ effects: { clock, random: promptRandom } })
  const { simulator, runtime } = world
  const calls: UpstreamCall[] = []
  const wechat = createWechatClient(ENDPOINTS, {
    clock,
    random: promptRandom,
    deadlineAtMs: clock.nowMs() + remainingMs,
    channelFor: runtime.channelFor,
    accessTokens: runtime.accessTokens,
    app: runtime.config,
    onCall: (call) => calls.push(call),
  })
  const alice = simulator.phone('alice')
  alice.acceptSubscribe(TEMPLATE_ID)
  const { code } = alice.phoneNumber()

  return {
    world,
    simulator,
    calls,
    read: () => wechat.checkText({ content: 'tea', scene: 1, openid: alice.openid }),
    send: () =>
      wechat.sendSubscribeMessage({
        touser: alice.openid,
        templateId: TEMPLATE_ID,
        data: { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' },
        miniprogramState: 'formal',
        lang: 'zh_CN',
      }),
    exchangeCode: () => wechat.getUserPhoneNumber({ code, openid: alice.openid }),
    pathsAsked: () => simulator.requests().map(({ path }) => path),
    tokensSent: (path: string) => simulator.requests(path).map(({ query }) => query.access_token),
  }
}

describe('a call', () => {
  test('fetches a token once and attaches it', async () => {
    const client = await createClient()

    await client.read()
    await client.read()

    expect(client.pathsAsked()).toEqual([TOKEN, READ, READ])
    const [first, second] = client.tokensSent(READ)
    expect(first).toMatch(/^70_/)
    expect(second).toBe(first)
  })

  test('is reported with its endpoint and attempts, and nothing of its content', async () => {
    const client = await createClient()
    client.simulator.faults.add({ path: READ, status: 502 })

    await client.read()

    expect(client.calls).toEqual([{ endpoint: 'checkText', durationMs: 0, attempts: 2 }])
  })

  test('that is refused is reported with errcode and rid', async () => {
    const client = await createClient()
    client.simulator.faults.add({ path: SEND, errcode: 43101 })

    await expect(client.send()).rejects.toMatchObject({ code: 'USER_REFUSED' })

    expect(client.calls).toMatchObject([
      {
        endpoint: 'sendSubscribeMessage',
        attempts: 1,
        upstream: { errcode: 43101, rid: expect.any(String) },
      },
    ])
  })
})

describe('a read', () => {
  const TRANSIENT: readonly [string, Omit<Fault, 'path'>][] = [
    ['a reset before it was taken', { reset: 'before' }],
    ['a reset after it was taken', { reset: 'afterTaken' }],
    ['status 500', { status: 500 }],
    ['status 503', { status: 503 }],
    ['a busy WeChat', { errcode: -1 }],
    ['a fault of the API', { errcode: 61450 }],
  ]

  test.each(TRANSIENT)('is repeated after %s', async (_, fault) => {
    const client = await createClient()
    client.simulator.faults.add({ path: READ, times: 2, ...fault })

    expect(await client.read()).toMatchObject({ suggest: 'pass' })

    expect(client.simulator.requests(READ)).toHaveLength(3)
  })

  test.each(TRANSIENT)('is given up after two repeats that met %s', async (_, fault) => {
    const client = await createClient()
    client.simulator.faults.add({ path: READ, times: Number.POSITIVE_INFINITY, ...fault })

    await expect(client.read()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })

    expect(client.simulator.requests(READ)).toHaveLength(3)
  })

  test.each<[string, Omit<Fault, 'path'>, string]>([
    ['HTML', { body: '<html>busy</html>' }, 'UPSTREAM_BAD_RESPONSE'],
    ['nothing', { body: '' }, 'UPSTREAM_BAD_RESPONSE'],
    ['a part of an answer', { cutAfterBytes: 20 }, 'UPSTREAM_BAD_RESPONSE'],
    ['an answer without its fields', { body: '{"errcode":0}' }, 'UPSTREAM_BAD_RESPONSE'],
    ['a mistyped field', { body: '{"errcode":0,"result":[]}' }, 'UPSTREAM_BAD_RESPONSE'],
    ['a spent quota', { errcode: 45009 }, 'RATE_LIMITED'],
    ['status 429', { status: 429, headers: { 'retry-after': '3' } }, 'RATE_LIMITED'],
    ['a refusal', { errcode: 61010 }, 'USER_NOT_RECENT'],
    ['a configuration error', { errcode: 48001 }, 'CONFIG_ERROR'],
  ])('is not repeated after %s', async (_, fault, code) => {
    const client = await createClient()
    client.simulator.faults.add({ path: READ, times: Number.POSITIVE_INFINITY, ...fault })

    await expect(client.read()).rejects.toMatchObject({ code })

    expect(client.simulator.requests(READ)).toHaveLength(1)
  })
})

describe('what must not happen twice', () => {
  const SENT: readonly [string, Omit<Fault, 'path'>][] = [
    ['a reset before it was taken', { reset: 'before' }],
    ['a reset after it was taken', { reset: 'afterTaken' }],
    ['status 502', { status: 502 }],
    ['status 502 after it was taken', { status: 502, afterTaken: true }],
    ['HTML', { body: '<html></html>' }],
    ['status 404', { status: 404 }],
    ['a part of an answer', { cutAfterBytes: 20 }],
  ]

  test.each([...SENT, ['a busy WeChat', { errcode: -1 }] as const])(
    'a message, is not sent again after %s',
    async (_, fault) => {
      const client = await createClient()
      client.simulator.faults.add({ path: SEND, ...fault })

      await expect(client.send()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })

      expect(client.simulator.requests(SEND)).toHaveLength(1)
    },
  )

  test.each(SENT)('a one-time code, is not exchanged again after %s', async (_, fault) => {
    const client = await createClient()
    client.simulator.faults.add({ path: CODE, ...fault })

    await expect(client.exchangeCode()).rejects.toMatchObject({ code: 'CODE_OUTCOME_UNKNOWN' })

    expect(client.simulator.requests(CODE)).toHaveLength(1)
  })

  test('a one-time code is left as it was by a busy WeChat, and yet not exchanged again', async () => {
    const client = await createClient()
    client.simulator.faults.add({ path: CODE, errcode: -1 })

    await expect(client.exchangeCode()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })

    expect(client.simulator.requests(CODE)).toHaveLength(1)
  })

  test('a message is repeated while nobody could be reached at all', async () => {
    const port = await findClosedPort()
    const clock = createTestClock()
    const transport = createHttpTransport({ clock })
    onTestFinished(() => transport.close())
    const attempts: number[] = []
    const wechat = createWechatClient(
      { sendSubscribeMessage },
      {
        clock,
        random: { ...systemRandom, fraction: () => 1 },
        deadlineAtMs: clock.nowMs() + 9500,
        channelFor: () => createHttpsChannel(transport, `http://127.0.0.1:${port}`),
        accessTokens: () => ({ current: async () => 'token' }) as never,
        app: undefined as never,
        onCall: (call) => attempts.push(call.attempts),
      },
    )

    const sent = wechat.sendSubscribeMessage({
      touser: 'o-alice',
      templateId: TEMPLATE_ID,
      data: { thing1: 'tea' },
      miniprogramState: 'formal',
      lang: 'zh_CN',
    })
    await openLate(port, '{"errcode":0,"msgid":1}')

    expect(await sent).toEqual({ msgid: '1' })
    expect(attempts[0]).toBeGreaterThan(1)
  })
})

/** Listens on a port that was closed until now. */
async function openLate(port: number, body: string): Promise<void> {
  await sleep(20)
  const server = createServer((_, response) => response.end(body))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
}

describe('a refused token', () => {
  test.each([40001, 40014, 42001])(
    'is renewed once after %i, and the message goes out once',
    async (errcode) => {
      const client = await createClient()
      await client.read()
      client.simulator.killAccessTokens()
      client.simulator.faults.add({ path: SEND, errcode })

      expect(await client.send()).toEqual({ msgid: expect.any(String) })

      const [refused, renewed] = client.tokensSent(SEND)
      expect(client.tokensSent(SEND)).toHaveLength(2)
      expect(renewed).not.toBe(refused)
      expect(client.simulator.accepted(SEND)).toBe(1)
    },
  )

  test('that is refused again after it was renewed is the end', async () => {
    const client = await createClient()
    await client.read()
    client.simulator.killAccessTokens()
    client.simulator.faults.add({ path: SEND, errcode: 40001, times: 2 })

    await expect(client.send()).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
      options: { upstream: { errcode: 40001, rid: expect.any(String) } },
    })

    expect(client.simulator.requests(SEND)).toHaveLength(2)
    expect(client.simulator.accepted(SEND)).toBe(0)
  })

  test('that WeChat hands out again is sent once more, since now and then one is refused that lives', async () => {
    const client = await createClient()
    client.simulator.faults.add({ path: SEND, errcode: 40001 })

    expect(await client.send()).toEqual({ msgid: expect.any(String) })

    expect(client.pathsAsked()).toEqual([TOKEN, SEND, TOKEN, SEND])
    expect(client.simulator.accepted(SEND)).toBe(1)
  })

  test('that WeChat hands out again and refuses again is the end, without a loop', async () => {
    const client = await createClient()
    client.simulator.faults.add({ path: SEND, errcode: 40001, times: Number.POSITIVE_INFINITY })

    await expect(client.send()).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' })

    expect(client.pathsAsked()).toEqual([TOKEN, SEND, TOKEN, SEND])
  })

  test('is renewed below the repeats, which carry the new one', async () => {
    const client = await createClient()
    await client.read()
    client.simulator.killAccessTokens()
    client.simulator.faults.add({ path: READ, reset: 'before' })

    await client.read()

    const [, lost, refused, renewed] = client.tokensSent(READ)
    expect(refused).toBe(lost)
    expect(renewed).not.toBe(refused)
    expect(client.simulator.requests(READ)).toHaveLength(4)
  })

  test('of a request for an image is told by the JSON in its place', async () => {
    const client = await createClient()
    await client.read()
    client.simulator.killAccessTokens()
    const { world } = client
    const wechat = createWechatClient(
      { getLimitedCode },
      {
        clock: world.clock,
        random: promptRandom,
        deadlineAtMs: world.clock.nowMs() + 9500,
        channelFor: world.runtime.channelFor,
        accessTokens: world.runtime.accessTokens,
        app: world.runtime.config,
        onCall: () => undefined,
      },
    )

    const image = await wechat.getLimitedCode({ path: 'pages/index/index' })

    expect(world.simulator.phone('bob').scan(image)).toEqual({ path: 'pages/index/index' })
    expect(world.simulator.accepted(getLimitedCode.path)).toBe(1)
  })
})

describe('the deadline', () => {
  test('ends a call that gets no answer', async () => {
    const client = await createClient({ clock: createRunningClock(), remainingMs: 300 })
    client.simulator.faults.add({ path: READ, hang: 'before' })

    await expect(client.read()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })

    expect(client.simulator.requests(READ)).toHaveLength(1)
  })

  test('ends a call whose answer trickles in', async () => {
    const client = await createClient({ clock: createRunningClock(), remainingMs: 300 })
    client.simulator.faults.add({ path: READ, trickle: { bytes: 1, everyMs: 50 } })

    await expect(client.read()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
  })

  test.each([
    ['a message', SEND, 'OUTCOME_UNKNOWN'],
    ['a one-time code', CODE, 'CODE_OUTCOME_UNKNOWN'],
  ] as const)('leaves open what became of %s', async (_, path, code) => {
    const client = await createClient({ clock: createRunningClock(), remainingMs: 300 })
    client.simulator.faults.add({ path, hang: 'afterTaken' })

    await expect(path === SEND ? client.send() : client.exchangeCode()).rejects.toMatchObject({ code })

    expect(client.simulator.accepted(path)).toBe(1)
  })

  test('that has passed lets no request out', async () => {
    const client = await createClient({ remainingMs: 0 })

    await expect(client.send()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })

    expect(client.simulator.requests(SEND)).toEqual([])
  })

  test('ends the wait for a token, and nothing was sent', async () => {
    const client = await createClient({ clock: createRunningClock(), remainingMs: 200 })
    client.simulator.faults.add({ path: TOKEN, latencyMs: 400 })

    await expect(client.send()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })

    expect(client.simulator.requests(SEND)).toEqual([])
  })
})

test('two hundred calls one after another need no more than two connections', async () => {
  const client = await createClient()

  for (let call = 0; call < 200; call++) await client.read()

  expect(client.simulator.requests(READ)).toHaveLength(200)
  expect(client.simulator.connections).toBeLessThanOrEqual(2)
})
