import { describe, expect, test, vi } from 'vitest'
import createSoterChallenge from '../../functions/createSoterChallenge/index.ts'
import decryptOpenData from '../../functions/decryptOpenData/index.ts'
import login from '../../functions/login/index.ts'
import logout from '../../functions/logout/index.ts'
import type { Origin } from '../../shared/function/caller.ts'
import { NOW_MS } from '../support/testClock.ts'
import { codeOf, createWorld, dataOf, type World } from '../support/world.ts'

const PATH = '/sns/jscode2session'
const WEEK_MS = 604_800_000

const bearer = (token = ''): Origin => ({ kind: 'bearer', token })
/** Whether a token opens the door, as the caller hears it. */
const use = async (world: World, token?: string) =>
  codeOf(await world.call(logout, { unknown: 1 }, bearer(token)))
const GOOD = 'INVALID_ARGUMENT'

describe('a login', () => {
  test('opens a session and returns only an opaque token', async () => {
    const world = await createWorld()
    const phone = world.simulator.phone('alice')

    const data = dataOf(await world.call(login, phone.login()))

    expect(data).toEqual({
      openid: phone.openid,
      unionid: phone.unionid,
      token: expect.stringMatching(/^[\w-]{22}\.[\w-]{43}$/),
      expiresAtMs: NOW_MS + WEEK_MS,
    })
    expect(codeOf(await world.call(decryptOpenData, phone.userInfo(), bearer(data.token)))).toBe('OK')
  })

  test('asks WeChat once, with the code as it is', async () => {
    const world = await createWorld()
    const { code } = world.simulator.phone('alice').login()
    await world.call(login, { code })

    expect(world.simulator.requests()).toHaveLength(1)
    expect(world.simulator.requests(PATH)).toEqual([
      expect.objectContaining({
        method: 'GET',
        query: expect.objectContaining({ js_code: code, grant_type: 'authorization_code' }),
      }),
    ])
  })

  test('gives a new token each time, and the ones before stay good', async () => {
    const world = await createWorld()
    const [first, second] = [await world.logIn('alice'), await world.logIn('alice')]

    expect(second.token).not.toBe(first.token)
    expect([await use(world, first.token), await use(world, second.token)]).toEqual([GOOD, GOOD])
  })

  test("never takes over another user's token, which stays good for that user", async () => {
    const world = await createWorld()
    const planted = (await world.logIn('mallory')).token

    const data = dataOf(await world.call(login, world.simulator.phone('alice').login(), bearer(planted)))

    expect(data.token).not.toBe(planted)
    expect(data.openid).toBe(world.simulator.phone('alice').openid)
    expect([await use(world, planted), await use(world, data.token)]).toEqual([GOOD, GOOD])
    world.clock.advance(3_600_000)
    expect(await use(world, planted)).toBe(GOOD)
  })

  test('lives as long as configured', async () => {
    const world = await createWorld({ environment: { SESSION_TTL_SECONDS: '60' } })
    const data = dataOf(await world.call(login, world.simulator.phone('alice').login()))

    expect(data.expiresAtMs).toBe(NOW_MS + 60_000)
  })

  test('of a user without a unionid says none', async () => {
    const world = await createWorld()
    const session = { openid: 'o1', session_key: 'AAAAAAAAAAAAAAAAAAAAAA==', unionid: '' }
    world.simulator.faults.add({ path: PATH, body: JSON.stringify(session) })

    expect(dataOf(await world.call(login, { code: 'x' }))).not.toHaveProperty('unionid')
  })
})

describe('a login with the token of before', () => {
  const logInAgain = async (world: World, token?: string) =>
    dataOf(await world.call(login, world.simulator.phone('alice').login(), bearer(token))).token

  test('replaces that session and no other: the old token is refused from then on', async () => {
    const world = await createWorld()
    const [here, there] = [await world.logIn('alice'), await world.logIn('alice')]

    const token = await logInAgain(world, here.token)

    expect(token).not.toBe(here.token)
    expect(await use(world, here.token)).toBe('UNAUTHENTICATED')
    expect([await use(world, token), await use(world, there.token)]).toEqual([GOOD, GOOD])
  })

  test('has the whole life of a session before it again', async () => {
    const world = await createWorld()
    const { token } = await world.logIn('alice')
    world.clock.advance(86_400_000)
    const data = dataOf(await world.call(login, world.simulator.phone('alice').login(), bearer(token)))

    expect(data.expiresAtMs).toBe(NOW_MS + 86_400_000 + WEEK_MS)
  })

  test('costs no more than one without', async () => {
    const world = await createWorld()
    const { token } = await world.logIn('alice')
    const before = world.store.operations.length

    await logInAgain(world, token)

    expect(world.store.operations.slice(before)).toEqual(['putIfAbsent', 'get', 'compareAndSet'])
  })

  test.each([
    ['was logged out', async (world: World, token: string) => world.call(logout, {}, bearer(token))],
    ['was never given out', async () => undefined],
    ['was not used for too long', async (world: World) => world.clock.advance(259_200_000)],
    ['ran out', async (world: World) => world.clock.advance(WEEK_MS)],
    ['was replaced', async (world: World, token: string) => logInAgain(world, token)],
  ])('that %s opens a session all the same', async (what, spoil) => {
    const world = await createWorld()
    const { token } = await world.logIn('alice')
    const brought = what === 'was never given out' ? `${token.slice(0, -3)}AAA` : token
    await spoil(world, token)
    world.clock.advance(1)

    expect(await use(world, await logInAgain(world, brought))).toBe(GOOD)
  })

  test('that was replaced ends its successor when it is used after five minutes: somebody has kept a copy', async () => {
    const world = await createWorld()
    const { token: stolen } = await world.logIn('alice')
    const other = await world.logIn('alice')
    const token = await logInAgain(world, stolen)
    world.clock.advance(299_999)
    expect([await use(world, stolen), await use(world, token)]).toEqual(['UNAUTHENTICATED', GOOD])

    world.clock.advance(1)
    expect([await use(world, stolen), await use(world, token)]).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ])
    expect(await use(world, other.token)).toBe(GOOD)
    expect(world.logLines.filter((line) => line.includes('a replaced token was used'))).toHaveLength(1)
  })
})

describe('a login through callFunction', () => {
  test('needs no code: the platform vouches for the user', async () => {
    const world = await createWorld()
    const { openid } = world.simulator.phone('alice')
    const origin = { ...world.wechatUser('alice'), unionid: 'u1' }

    expect(await world.call(login, {}, origin)).toEqual({ ok: true, data: { openid, unionid: 'u1' } })
    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })

  test('opens a session like any other when it brings a code', async () => {
    const world = await createWorld()
    const { token } = dataOf(
      await world.call(login, world.simulator.phone('alice').login(), world.wechatUser('alice')),
    )

    expect(await use(world, token)).toBe(GOOD)
  })

  test("is FORBIDDEN with another user's code, and opens no session for either", async () => {
    const world = await createWorld()
    const code = world.simulator.phone('bob').login()

    expect(codeOf(await world.call(login, code, world.wechatUser('alice')))).toBe('FORBIDDEN')
    expect(world.store.dump()).not.toContain(':account:')
  })
})

describe('a code', () => {
  test.each([
    ['missing', {}, 'is missing'],
    ['null', { code: null }, 'must be of type string'],
    ['a number', { code: 1 }, 'must be of type string'],
    ['a list', { code: ['x'] }, 'must be of type string'],
    ['an operator', { code: { $ne: null } }, 'must be of type string'],
    ['empty', { code: '' }, 'is empty'],
    ['a space', { code: ' ' }, 'is malformed'],
    ['more than a code', { code: 'x&secret=y' }, 'is malformed'],
    ['several lines', { code: 'x\ny' }, 'is malformed'],
    ['another script', { code: '代码' }, 'is malformed'],
    ['too long', { code: 'x'.repeat(129) }, 'is over its maximum of 128 characters'],
    ['text with a NUL', { code: 'x\0' }, 'has a NUL character'],
    ['a lone surrogate', { code: '\ud800' }, 'has a lone surrogate'],
  ])('that is %s is refused before anybody is asked', async (_, input, reason) => {
    const world = await createWorld()

    expect(await world.call(login, input)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'code', reason },
    })
    expect(world.simulator.requests()).toEqual([])
    expect(world.store.operations).toEqual([])
  })

  test.each(['openid', 'session_key', 'unionid', 'appid'])('cannot come with %s', async (name) => {
    const world = await createWorld()
    const input = { ...world.simulator.phone('alice').login(), [name]: 'x' }

    expect(await world.call(login, input)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: name } })
    expect(world.simulator.requests()).toEqual([])
  })

  test('is accepted once', async () => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()

    expect(codeOf(await world.call(login, code))).toBe('OK')
    expect(await world.call(login, code)).toMatchObject({ error: { code: 'CODE_USED', retryable: false } })
    expect(world.simulator.accepted(PATH)).toBe(1)
  })

  test('is accepted once of 64 logins that bring it together', async () => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()

    const codes = await Promise.all(
      Array.from({ length: 64 }, async () => codeOf(await world.call(login, code))),
    )

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'CODE_USED')).toHaveLength(63)
  })

  test('is CODE_INVALID when WeChat does not know it, or no longer', async () => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()
    world.clock.advance(300_000)

    expect(codeOf(await world.call(login, code))).toBe('CODE_INVALID')
    expect(codeOf(await world.call(login, { code: 'unknown' }))).toBe('CODE_INVALID')
    expect(world.store.dump()).not.toContain(':account:')
  })
})

describe('when WeChat', () => {
  test.each([
    [40226, 'RISK_BLOCKED', 403],
    [45011, 'RATE_LIMITED', 429],
    [40013, 'CONFIG_ERROR', 500],
    [40125, 'CONFIG_ERROR', 500],
    [-1, 'UPSTREAM_UNAVAILABLE', 503],
    [99999, 'UPSTREAM_REJECTED', 502],
  ])('refuses with %d the login is %s, nothing is stored and nothing repeated', async (errcode, code) => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, errcode, errmsg: 'no, rid: 0a1b-2c3d' })

    expect(await world.call(login, world.simulator.phone('alice').login())).toMatchObject({
      ok: false,
      error: { code, upstream: { errcode, rid: '0a1b-2c3d' } },
    })
    expect(world.simulator.requests(PATH)).toHaveLength(1)
    expect(world.store.dump()).not.toContain(':account:')
  })

  const session = { openid: 'o1', session_key: 'AAAAAAAAAAAAAAAAAAAAAA==' }

  test.each([
    ['no openid', { ...session, openid: undefined }],
    ['an openid that is no text', { ...session, openid: 7 }],
    ['no session key', { ...session, session_key: undefined }],
    ['a session key of 15 bytes', { ...session, session_key: Buffer.alloc(15).toString('base64') }],
    ['a session key of 24 bytes', { ...session, session_key: Buffer.alloc(24).toString('base64') }],
    ['a session key that is no base64', { ...session, session_key: '!' }],
    ['a unionid that is no text', { ...session, unionid: {} }],
    ['nothing', {}],
  ])('answers with %s the login is UPSTREAM_BAD_RESPONSE and nothing is stored', async (_, answer) => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, body: JSON.stringify(answer) })

    expect(codeOf(await world.call(login, { code: 'x' }))).toBe('UPSTREAM_BAD_RESPONSE')
    expect(world.store.dump()).not.toContain(':account:')
  })

  test.each([
    ['resets the connection after it took the code', { reset: 'afterTaken' as const }],
    ['breaks its answer off', { cutAfterBytes: 10 }],
    ['answers with a page after it took the code', { body: '<html>502</html>', afterTaken: true }],
    ['answers with a server error after it took the code', { status: 502, afterTaken: true }],
  ])('%s the outcome is unknown: the code counts as spent and is not tried again', async (_, fault) => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()
    world.simulator.faults.add({ path: PATH, ...fault })

    expect(await world.call(login, code)).toMatchObject({
      error: { code: 'CODE_OUTCOME_UNKNOWN', retryable: false },
    })
    expect(world.simulator.requests(PATH)).toHaveLength(1)
    expect(world.simulator.accepted(PATH)).toBe(1)
    expect(codeOf(await world.call(login, code))).toBe('CODE_USED')
    expect(world.simulator.accepted(PATH)).toBe(1)
  })

  test('cannot be reached the code was never sent, so it is tried again and can be used later', async () => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()
    world.restart({ WECHAT_API_BASE_URL: 'http://127.0.0.1:1' })

    expect(await world.call(login, code)).toMatchObject({
      error: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
    })
    world.restart()
    expect(codeOf(await world.call(login, code))).toBe('OK')
  })
})

describe('while the store', () => {
  test.each([
    ['is down', { isDown: true }],
    ['refuses to write', { refusesWrites: true }],
  ])('%s a login is refused before it spends the code', async (_, state) => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()
    Object.assign(world.store, state)

    expect(await world.call(login, code)).toMatchObject({
      error: { code: 'STATE_UNAVAILABLE', retryable: true },
    })
    expect(world.simulator.requests()).toEqual([])

    Object.assign(world.store, { isDown: false, refusesWrites: false })
    expect(codeOf(await world.call(login, code))).toBe('OK')
  })

  test('goes down while WeChat answers, the code is spent: a login needs a new one, and nothing is half-written', async () => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, latencyMs: 50 })

    const pending = world.call(login, world.simulator.phone('alice').login())
    await vi.waitFor(() => expect(world.simulator.requests(PATH)).toHaveLength(1))
    world.store.isDown = true

    expect(await pending).toMatchObject({
      error: {
        code: 'CODE_OUTCOME_UNKNOWN',
        retryable: false,
        message: 'The code is spent, but the session could not be stored. Ask the client for a new code.',
      },
    })
    expect(world.store.dump()).not.toContain(':account:')
  })
})

describe('a variable that is missing or malformed', () => {
  test.each([
    ['WECHAT_APP_ID', ''],
    ['WECHAT_APP_SECRET', ''],
    ['WECHAT_API_BASE_URL', 'nowhere'],
    ['STATE_STORE', ''],
    ['STATE_STORE', 'canary'],
    ['STATE_KEYS', ''],
    ['STATE_KEYS', 'canary'],
    ['SESSION_TTL_SECONDS', 'canary'],
  ])('is named before the code is spent: %s=%s', async (name, value) => {
    const world = await createWorld()
    const code = world.simulator.phone('alice').login()
    world.restart({ [name]: value })

    const reply = await world.call(login, code)

    expect(reply).toMatchObject({ error: { code: 'CONFIG_ERROR', message: expect.stringContaining(name) } })
    expect(JSON.stringify(reply) + world.logLines.join()).not.toContain('canary')
    expect(world.simulator.requests()).toEqual([])
  })
})

describe('a hundred logins at the same time', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at)

  test('of one user open a hundred sessions', async () => {
    const world = await createWorld()

    const tokens = await Promise.all(hundred.map(async () => (await world.logIn('alice')).token))

    expect(new Set(tokens).size).toBe(100)
    const answers = await Promise.all(tokens.map((token) => use(world, token)))
    expect(new Set(answers)).toEqual(new Set([GOOD]))
  })

  test('of a hundred users open a session for each', async () => {
    const world = await createWorld()

    const logins = await Promise.all(
      hundred.map(async (at) => dataOf(await world.call(login, world.simulator.phone(`user ${at}`).login()))),
    )

    expect(logins.map(({ openid }) => openid)).toEqual(
      hundred.map((at) => world.simulator.phone(`user ${at}`).openid),
    )
    const revoked = await Promise.all(logins.map(({ token }) => world.call(logout, {}, bearer(token))))
    expect(revoked.map((reply) => dataOf(reply).revoked)).toEqual(hundred.map(() => 1))
  })
})

test('a user has at most a hundred sessions: the oldest ends when another begins', async () => {
  const world = await createWorld()
  const oldest = await world.logIn('alice')
  const next = await world.logIn('alice')
  for (let more = 0; more < 99; more++) await world.logIn('alice')

  expect(await use(world, oldest.token)).toBe('UNAUTHENTICATED')
  expect(await use(world, next.token)).toBe(GOOD)
})

test('a login without a code needs no state, so a deployment without a store can have it', async () => {
  const world = await createWorld({ environment: { STATE_STORE: undefined, STATE_KEYS: undefined } })

  const reply = await world.call(login, {}, world.wechatUser('alice'))

  expect(reply).toEqual({ ok: true, data: { openid: world.simulator.phone('alice').openid } })
})

test('a login costs two writes and a read, and its token is found with one read', async () => {
  const world = await createWorld()

  const origin = await world.logIn('alice')
  const ofLogin = world.store.operations.length
  await world.call(createSoterChallenge, { purpose: 'pay' }, origin)

  expect(world.store.operations.slice(0, ofLogin)).toEqual(['putIfAbsent', 'get', 'putIfAbsent'])
  expect(world.store.operations.slice(ofLogin)).toEqual(['get', 'putIfAbsent'])
})
