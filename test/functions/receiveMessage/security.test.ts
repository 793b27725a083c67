import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { toPushRequest } from '../../../scripts/simulator/push/pushRequest.ts'
import { sha256Base64Url } from '../../../shared/core/digest.ts'
import { createPushWorld, PUSH_KEY, PUSH_TOKEN, type PushWorld } from '../../support/pushWorld.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { APP_ID, SERVER_KEY } from '../../support/world.ts'

const SECONDS = Math.floor(NOW_MS / 1000)
const MESSAGE = {
  ToUserName: 'gh_97417a04a28d',
  FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
  CreateTime: SECONDS,
  MsgType: 'event',
  Event: 'debug_demo',
  debug_str: 'hello world',
}

const sign = (...parts: string[]) => createHash('sha1').update(parts.sort().join('')).digest('hex')

/** A genuine push of this message, as it would stand on the wire. */
const pushOf = (world: PushWorld, message: object = MESSAGE, target: object = {}) => {
  const sender = { appId: APP_ID, nowMs: world.clock.nowMs }
  const { url, body } = toPushRequest({ ...world.target, ...target }, { ...message }, sender)
  return { query: Object.fromEntries(url.searchParams), body }
}

/** Whatever is refused leaves no trace but a line in the log. */
async function expectRefused(
  world: PushWorld,
  asked: Promise<{ status: number; body: string }>,
  status = 401,
) {
  expect(await asked).toEqual({ status, body: '' })
  expect(world.store.operations).toEqual([])
}

describe('the URL', () => {
  test('is verified for whom knows the token', async () => {
    const world = await createPushWorld()

    expect(await world.simulator.verifyPushUrl()).toMatchObject({ status: 200, isVerified: true })
    expect(world.store.operations).toEqual([])
  })

  test('needs no encryption key to be verified, as WeChat shows the key only with it', async () => {
    const world = await createPushWorld({ environment: { WECHAT_PUSH_AES_KEY: '' } })

    expect(await world.simulator.verifyPushUrl()).toMatchObject({ isVerified: true })
  })

  test.each<[string, object]>([
    ['another signature', { signature: sign('x') }],
    ['no signature', { signature: '' }],
    ['no echostr', { echostr: '' }],
    ['an old timestamp', { timestamp: String(SECONDS - 301) }],
  ])('is not verified with %s', async (_, changed) => {
    const world = await createPushWorld()
    const [timestamp, nonce] = [String(SECONDS), '486452656']
    const query = {
      signature: sign(PUSH_TOKEN, timestamp, nonce),
      timestamp,
      nonce,
      echostr: '437512',
      ...changed,
    }
    const signature = 'timestamp' in changed ? sign(PUSH_TOKEN, query.timestamp, nonce) : query.signature

    await expectRefused(world, world.ask({ ...query, signature }))
  })
})

describe('a push', () => {
  test('is acknowledged with the bare word', async () => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world)

    expect(await world.ask(query, body)).toEqual({ status: 200, body: 'success' })
  })

  test('that comes a second time, byte by byte the same, is acknowledged and has no further effect', async () => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world)
    await world.ask(query, body)
    const kept = world.store.dump().split('\n').length

    expect(await world.ask(query, body)).toEqual({ status: 200, body: 'success' })

    const lines = world.logLines.map((line) => JSON.parse(line))
    expect(lines.map(({ warnings }) => warnings?.length ?? 0)).toEqual([1, 0])
    expect(kept).toBe(1)
  })

  test('is refused from five minutes on', async () => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world)
    world.clock.advance(301_000)

    await expectRefused(world, world.ask(query, body))
  })

  test.each<[string, (query: Record<string, string>) => Record<string, string>]>([
    ['another msg_signature', (query) => ({ ...query, msg_signature: sign('x') })],
    ['no msg_signature', ({ msg_signature: _, ...query }) => query],
    [
      'the signature of the URL for that of the message',
      (query) => ({ ...query, msg_signature: query.signature ?? '' }),
    ],
    ['another signature', (query) => ({ ...query, signature: sign('x') })],
    ['another nonce', (query) => ({ ...query, nonce: '1' })],
    ['another timestamp', (query) => ({ ...query, timestamp: String(SECONDS + 1) })],
    ['another kind of encryption', (query) => ({ ...query, encrypt_type: 'raw' })],
  ])('with %s is refused', async (_, change) => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world)

    await expectRefused(world, world.ask(change(query), body))
  })

  test.each(['signature', 'timestamp', 'nonce', 'msg_signature', 'encrypt_type'])(
    'that says %s twice is refused',
    async (name) => {
      const world = await createPushWorld()
      const { query, body } = pushOf(world)
      const text = new URLSearchParams([...Object.entries(query), [name, query[name] ?? '']]).toString()

      await expectRefused(world, world.ask(text, body))
    },
  )

  test('for another mini program is refused', async () => {
    const world = await createPushWorld({ environment: { WECHAT_APP_ID: 'wx0000000000000000' } })
    const { query, body } = pushOf(world)

    await expectRefused(world, world.ask(query, body))
  })

  test('under a key that nobody has is refused', async () => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world, MESSAGE, { aesKey: 'a'.repeat(43) })

    await expectRefused(world, world.ask(query, body))
  })

  test('under the key before is opened while both are configured', async () => {
    const world = await createPushWorld({
      environment: { WECHAT_PUSH_AES_KEY: `${'a'.repeat(43)},${PUSH_KEY}` },
    })
    const { query, body } = pushOf(world)

    expect(await world.ask(query, body)).toEqual({ status: 200, body: 'success' })
  })

  test('in plain mode is refused where encryption is expected', async () => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world, MESSAGE, { mode: 'plain' })

    await expectRefused(world, world.ask(query, body))
  })

  test('in compatible mode says what its encrypted part says', async () => {
    const world = await createPushWorld()
    const { simulator } = world
    const { query, body } = pushOf(
      world,
      {
        ...MESSAGE,
        Event: 'wxa_media_check',
        trace_id: 'trace-1',
        appid: APP_ID,
        result: { suggest: 'risky' },
      },
      { mode: 'compatible' },
    )
    const forged = JSON.stringify({ ...JSON.parse(body), trace_id: 'trace-2', result: { suggest: 'pass' } })
    simulator.pushTo(undefined)

    expect(await world.ask(query, forged)).toEqual({ status: 200, body: 'success' })

    expect(world.store.dump()).toContain(`${APP_ID}:mediaVerdict:${sha256Base64Url('trace-1')} `)
    expect(world.store.dump()).not.toContain(sha256Base64Url('trace-2'))
  })

  test.each<[string, string, number]>([
    ['of nothing', '', 401],
    ['that is no JSON', '{', 401],
    ['without an Encrypt', '{"ToUserName":"gh_x"}', 401],
    ['of another base64', '{"Encrypt":"A_A="}', 401],
    ['of more than 64 KiB', `{"Encrypt":"${'A'.repeat(65_536)}"}`, 413],
    ['with a document type', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>', 401],
  ])('with a body %s is refused', async (_, body, status) => {
    const world = await createPushWorld()
    const { query } = pushOf(world)

    await expectRefused(world, world.ask(query, body), status)
  })

  test('is a POST', async () => {
    const world = await createPushWorld()
    const response = await fetch(world.target.url, { method: 'PUT', body: '{}' })

    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([
      405,
      'GET, POST',
      '',
    ])
  })

  test('is not made by the key of a server, nor by a user’s token', async () => {
    const world = await createPushWorld()
    const { token } = await world.logIn('alice')
    const before = world.store.operations.length

    for (const bearer of [SERVER_KEY, token]) {
      const headers = { authorization: `Bearer ${bearer}` }
      const response = await fetch(world.target.url, {
        method: 'POST',
        headers,
        body: JSON.stringify(MESSAGE),
      })
      expect([response.status, await response.text()]).toEqual([401, ''])
    }
    expect(world.store.operations).toHaveLength(before)
  })

  test('asks for its variables by name in the log, and shows nothing outside', async () => {
    const world = await createPushWorld({ environment: { WECHAT_PUSH_TOKEN: '' } })
    const { query, body } = pushOf(world)

    await expectRefused(world, world.ask(query, body), 500)
    expect(JSON.parse(world.logLines.at(-1) ?? '{}')).toMatchObject({
      level: 'error',
      code: 'CONFIG_ERROR',
      message: 'WECHAT_PUSH_TOKEN is missing.',
    })
  })

  test('leaves no secret and nothing of what it says in the log', async () => {
    const world = await createPushWorld()
    const { query, body } = pushOf(world)
    await world.ask(query, body)
    await world.ask({ ...query, nonce: '1' }, body)

    for (const secret of [
      PUSH_TOKEN,
      PUSH_KEY,
      MESSAGE.FromUserName,
      MESSAGE.debug_str,
      query.msg_signature ?? '',
    ]) {
      expect(world.logLines.join('\n')).not.toContain(secret)
      expect(world.store.dump()).not.toContain(secret)
    }
  })
})

describe('in plain mode', () => {
  test('a push is taken with the signature of its URL', async () => {
    const world = await createPushWorld({ push: { mode: 'plain' } })
    const { query, body } = pushOf(world)

    expect(await world.ask(query, body)).toEqual({ status: 200, body: 'success' })
    await expect(world.ask({ ...query, signature: sign('x') }, body)).resolves.toEqual({
      status: 401,
      body: '',
    })
  })
})
