import { describe, expect, test } from 'vitest'
import { secretForms } from '../support/secretForms.ts'
import { createSessionFleet, IDLE_SECONDS, OPENID, outcomeOf } from '../support/sessionFleet.ts'

const IDLE_MS = IDLE_SECONDS * 1000
const DAY_MS = 86_400_000

test('nothing of a session is readable at rest: no key, no token, no openid', async () => {
  const { store, instance } = createSessionFleet()
  const alice = instance()
  const key = 'canary-session-key=='
  const first = await alice.logIn({ key })
  const second = await alice.logIn({ key, token: first })
  await alice.failToDecrypt()
  await alice.logOut()

  expect(store.dump().length).toBeGreaterThan(500)
  for (const secret of [key, OPENID, first.split('.')[1] ?? '', second.split('.')[1] ?? ''])
    for (const form of secretForms(secret)) expect(store.dump(), secret).not.toContain(form)
})

test('a token has 256 random bits, and no two are alike', async () => {
  const alice = createSessionFleet().instance()
  const tokens = [await alice.logIn(), await alice.logIn(), await alice.logIn()]
  const secrets = tokens.map((token) => token.split('.')[1] ?? '')

  for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  expect(new Set(secrets).size).toBe(3)
})

describe('a replaced token', () => {
  async function replaceToken() {
    const fleet = createSessionFleet()
    const alice = fleet.instance()
    const other = await alice.logIn()
    const stale = await alice.logIn()
    const token = await alice.logIn({ token: stale })
    return { ...fleet, alice, other, stale, token }
  }

  test('is just refused for five minutes', async () => {
    const { clock, alice, stale, token } = await replaceToken()
    clock.advance(299_999)

    expect(await outcomeOf(alice.use(stale))).toBe('UNAUTHENTICATED')
    expect(await outcomeOf(alice.use(token))).toBe('OK')
  })

  test('ends the session that goes on from it when it is used after five minutes, and no other', async () => {
    const { clock, alice, other, stale, token } = await replaceToken()
    clock.advance(300_000)

    expect(await outcomeOf(alice.use(stale))).toBe('UNAUTHENTICATED')
    expect(await outcomeOf(alice.use(token))).toBe('UNAUTHENTICATED')
    expect(await outcomeOf(alice.use(other))).toBe('OK')
  })

  test('ends the session however often it was replaced since', async () => {
    const { clock, alice, stale, token } = await replaceToken()
    let latest = token
    for (let login = 0; login < 5; login++) latest = await alice.logIn({ token: latest })
    clock.advance(300_000)

    await outcomeOf(alice.use(stale))

    expect(await outcomeOf(alice.use(latest))).toBe('UNAUTHENTICATED')
  })

  test('ends the session when it comes along with a login after five minutes; the login itself succeeds', async () => {
    const { clock, alice, stale, token } = await replaceToken()
    clock.advance(300_000)

    const fresh = await alice.logIn({ token: stale })

    expect(await outcomeOf(alice.use(token))).toBe('UNAUTHENTICATED')
    expect(await outcomeOf(alice.use(fresh))).toBe('OK')
  })

  test('changes nothing when it comes along with a login within five minutes', async () => {
    const { alice, stale, token } = await replaceToken()

    const fresh = await alice.logIn({ token: stale })

    expect([await outcomeOf(alice.use(token)), await outcomeOf(alice.use(fresh))]).toEqual(['OK', 'OK'])
  })

  test('gets no answer while the session cannot be ended, and ends it the next time', async () => {
    const { clock, store, alice, stale, token } = await replaceToken()
    clock.advance(300_000)
    store.refusesWrites = true
    expect(await outcomeOf(alice.use(stale))).toBe('STATE_UNAVAILABLE')
    store.refusesWrites = false

    await outcomeOf(alice.use(stale))

    expect(await outcomeOf(alice.use(token))).toBe('UNAUTHENTICATED')
  })

  test('by a clock that is behind is one of just now', async () => {
    const { clock, instance, stale, token, alice } = await replaceToken()
    clock.advance(120_000)

    expect(await outcomeOf(instance({ aheadMs: -600_000 }).use(stale))).toBe('UNAUTHENTICATED')
    expect(await outcomeOf(alice.use(token))).toBe('OK')
  })

  test('logs its session out, if the logout was under way when it was replaced', async () => {
    const { alice, stale, token } = await replaceToken()

    expect(await alice.logOut(stale)).toBe(1)
    expect(await outcomeOf(alice.use(token))).toBe('UNAUTHENTICATED')
  })
})

test('a session that ran out is replaced like any other: by another clock its token may still be good', async () => {
  const { clock, instance } = createSessionFleet()
  const [alice, late] = [instance(), instance({ aheadMs: -600_000 })]
  const idle = await alice.logIn()
  clock.advance(IDLE_MS)
  expect([await outcomeOf(alice.use(idle)), await outcomeOf(late.use(idle))]).toEqual([
    'SESSION_EXPIRED',
    'OK',
  ])

  const token = await alice.logIn({ token: idle })

  expect(await outcomeOf(late.use(idle))).toBe('UNAUTHENTICATED')
  expect(await outcomeOf(alice.use(token))).toBe('OK')
})

describe('a login under way', () => {
  test('when the user logs out everywhere opens no session', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    await alice.logIn()
    const attempt = alice.ask()
    clock.advance(200)
    await instance().logOut()
    clock.advance(200)

    expect(await outcomeOf(alice.logIn({ attempt }))).toBe('SESSION_EXPIRED')
    expect(await alice.account()).toMatchObject({ sessions: [] })
    expect(await outcomeOf(alice.keys())).toBe('SESSION_EXPIRED')
  })

  test('when a user whom we do not know logs out everywhere opens no session', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const attempt = alice.ask()
    clock.advance(200)

    expect(await instance().logOut()).toBe(0)
    expect(await outcomeOf(alice.logIn({ attempt }))).toBe('SESSION_EXPIRED')
  })

  test('when the session that it would replace is logged out opens no session', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const [here, there] = [await alice.logIn(), await alice.logIn()]
    const [replacing, another] = [alice.ask(here), alice.ask(there)]
    clock.advance(200)
    await instance().logOut(here)

    expect(await outcomeOf(alice.logIn({ attempt: replacing }))).toBe('SESSION_EXPIRED')
    expect(await outcomeOf(alice.logIn({ attempt: another }))).toBe('OK')
    expect(await outcomeOf(alice.logIn({ attempt: alice.ask() }))).toBe('OK')
  })

  test('opens no session either when a login from after the logout stores first', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const attempt = alice.ask()
    clock.advance(100)
    await instance().logOut()
    clock.advance(100)
    const token = await instance().logIn()

    expect(await outcomeOf(alice.logIn({ attempt }))).toBe('SESSION_EXPIRED')
    expect(await outcomeOf(alice.use(token))).toBe('OK')
  })

  test('with a token that was replaced meanwhile opens no session once that session is logged out', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const here = await alice.logIn()
    const attempt = alice.ask(here)
    clock.advance(100)
    const replacing = await alice.logIn({ token: here })
    clock.advance(100)
    await instance().logOut(replacing)

    expect(await outcomeOf(alice.logIn({ attempt }))).toBe('SESSION_EXPIRED')
  })

  test('that was frozen beyond its deadline stores nothing', async () => {
    const { clock, store, instance } = createSessionFleet()
    const alice = instance()
    const attempt = alice.ask()
    clock.advance(9500)

    expect(await outcomeOf(alice.logIn({ attempt }))).toBe('STATE_UNAVAILABLE')
    expect(store.dump()).toBe('')
  })

  test('that was frozen stores nothing once the logout is forgotten', async () => {
    const { clock, store, instance } = createSessionFleet()
    const alice = instance()
    const attempt = alice.ask()
    await instance().logIn()
    await instance().logOut()
    clock.advance(3_600_000)
    const stored = store.dump()

    expect(await outcomeOf(alice.logIn({ attempt }))).toBe('STATE_UNAVAILABLE')
    expect(store.dump()).toBe(stored)
  })

  test('that begins after a logout everywhere opens a session', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    await alice.logIn()
    await instance().logOut()
    clock.advance(1)

    expect(await outcomeOf(alice.use(await alice.logIn()))).toBe('OK')
  })

  test.each([600_000, 60_000, 9502, -1, -60_000, -600_000])(
    'that begins after a logout everywhere by a clock that is %d ms ahead opens a session',
    async (aheadMs) => {
      const { clock, instance } = createSessionFleet()
      const alice = instance()
      await alice.logIn()
      await instance({ aheadMs }).logOut()
      clock.advance(1)

      expect(await outcomeOf(alice.use(await alice.logIn()))).toBe('OK')
    },
  )
})

describe('what is left of a user who has logged out everywhere', () => {
  test('is that they did, for a quarter of an hour', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    await alice.logIn()
    await alice.logOut()

    expect(await alice.account()).toEqual({
      openid: OPENID,
      sessions: [],
      decryptFailuresAtMs: [],
      revocations: [{ atMs: clock.nowMs() }],
    })
    clock.advance(900_000)
    expect(await alice.account()).toBeUndefined()
  })

  test('cannot be written over by what was read before: not by a use, not by a failure', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const token = await alice.logIn()
    clock.advance(IDLE_MS / 2)
    const use = alice.use(token)
    const logout = instance().logOut()

    await Promise.all([outcomeOf(use), logout])

    expect(await outcomeOf(alice.failToDecrypt())).toBe('SESSION_EXPIRED')
    expect(await alice.account()).toMatchObject({ sessions: [] })
    expect(await outcomeOf(alice.use(token))).toBe('UNAUTHENTICATED')
  })
})

test('a hundred logouts of single sessions do not make the record grow', async () => {
  const { instance } = createSessionFleet()
  const alice = instance()
  await alice.logIn()
  for (let login = 0; login < 100; login++) await alice.logOut(await alice.logIn())

  expect(JSON.stringify(await alice.account()).length).toBeLessThan(4000)
})

test('a hundred logins of one device do not make the record grow', async () => {
  const alice = createSessionFleet().instance()
  let token = await alice.logIn()
  for (let login = 0; login < 100; login++) token = await alice.logIn({ token })

  expect((await alice.account())?.sessions).toHaveLength(1)
  expect(JSON.stringify(await alice.account()).length).toBeLessThan(2000)
})

describe('when the state keys are rotated', () => {
  const writes = {
    'a login': (alice) => alice.logIn(),
    'a failed decryption': (alice) => alice.failToDecrypt(),
    'a use that is noted': (alice, token) => alice.use(token),
    'a logout': (alice, token) => alice.logOut(token),
  } satisfies Record<
    string,
    (alice: ReturnType<ReturnType<typeof createSessionFleet>['instance']>, token: string) => Promise<unknown>
  >

  test.each(Object.entries(writes))(
    'a session of before is good, and %s brings it under the new key',
    async (_, write) => {
      const { clock, store, instance } = createSessionFleet()
      const token = await instance({ stateKeys: ['k1'] }).logIn()
      const rotated = instance({ stateKeys: ['k2', 'k1'] })
      expect(await outcomeOf(rotated.use(token))).toBe('OK')
      expect(store.dump()).not.toContain('v1.k2.')

      clock.advance(DAY_MS / 2)
      await write(rotated, token)

      expect(store.dump()).toContain('v1.k2.')
      expect(await instance({ stateKeys: ['k2'] }).account()).toMatchObject({ openid: OPENID })
    },
  )

  test('a session under a retired key is no longer known, and neither is its session key', async () => {
    const { instance } = createSessionFleet()
    const token = await instance({ stateKeys: ['k1'] }).logIn()
    const retired = instance({ stateKeys: ['k2'] })

    expect(await outcomeOf(retired.use(token))).toBe('UNAUTHENTICATED')
    expect(await outcomeOf(retired.keys())).toBe('SESSION_EXPIRED')
    expect(await outcomeOf(retired.logIn())).toBe('OK')
  })
})
