import { describe, expect, test } from 'vitest'
import { createSessionFleet, IDLE_SECONDS, type Instance, outcomeOf } from '../support/sessionFleet.ts'

const INSTANCES = 4

/** Runs a story many times, each with the parallel steps in another order. */
async function inManyOrders(rounds: number, tell: (round: Story) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= rounds; seed++) {
    const fleet = createSessionFleet(seed)
    const instances = Array.from({ length: INSTANCES }, () => fleet.instance())
    const at = (index: number): Instance => instances[index % INSTANCES] ?? fleet.instance()
    await tell({ clock: fleet.clock, at, seed: `seed ${seed}` })
  }
}

type Story = {
  readonly clock: ReturnType<typeof createSessionFleet>['clock']
  /** One of the instances, in turn. */
  readonly at: (index: number) => Instance
  readonly seed: string
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** The tokens of those logins that succeeded. */
async function tokensOf(logins: readonly Promise<string>[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled(logins)
  for (const login of settled)
    if (login.status === 'rejected') expect(login.reason).toMatchObject({ code: 'SESSION_EXPIRED' })
  return settled.flatMap((login) => (login.status === 'fulfilled' ? [login.value] : []))
}

describe.each([
  [8, 200],
  [64, 10],
])('of %d logins at once', (count, rounds) => {
  test('that bring the same token one replaces it, and all open a session', async () => {
    await inManyOrders(rounds, async ({ at, seed }) => {
      const [stale, other] = [await at(0).logIn(), await at(1).logIn()]

      const tokens = await Promise.all(times(count, (index) => at(index).logIn({ token: stale })))

      expect(await outcomeOf(at(2).use(stale)), seed).toBe('UNAUTHENTICATED')
      for (const token of [other, ...tokens]) expect(await outcomeOf(at(3).use(token)), seed).toBe('OK')
      const sessions = (await at(0).account())?.sessions ?? []
      expect(sessions, seed).toHaveLength(count + 1)
      expect(
        sessions.filter(({ former }) => former),
        seed,
      ).toHaveLength(1)
    })
  })

  test('none leaves a session behind when the user logs out everywhere meanwhile', async () => {
    await inManyOrders(rounds, async ({ clock, at, seed }) => {
      const here = await at(0).logIn()
      const attempts = times(count, (index) => at(index).ask(index % 2 === 0 ? here : undefined))
      clock.advance(100)

      const logins = attempts.map((attempt, index) => at(index).logIn({ attempt }))
      const logout = at(count).logOut()
      const tokens = await tokensOf(logins)
      await logout

      for (const token of [here, ...tokens])
        expect(await outcomeOf(at(1).use(token)), seed).toBe('UNAUTHENTICATED')
      const account = await at(0).account()
      expect(account, seed).toMatchObject({ sessions: [] })
      expect(account, seed).not.toHaveProperty('keys')
    })
  })

  test('that bring the same token none leaves a session behind when its session is logged out', async () => {
    await inManyOrders(rounds, async ({ clock, at, seed }) => {
      const [here, there] = [await at(0).logIn(), await at(1).logIn()]
      // Only the one that replaces the session goes on from it; the others are devices of their own.
      const attempt = at(0).ask(here)
      clock.advance(100)

      const login = at(0).logIn({ attempt })
      const others = times(count - 1, (index) => at(index).logIn())
      const logout = at(count).logOut(here)
      const replacing = await tokensOf([login])
      const opened = await Promise.all(others)
      await logout

      for (const token of [here, ...replacing])
        expect(await outcomeOf(at(1).use(token)), seed).toBe('UNAUTHENTICATED')
      for (const token of [there, ...opened]) expect(await outcomeOf(at(2).use(token)), seed).toBe('OK')
    })
  })
})

describe.each([
  [8, 200],
  [64, 20],
])('%d uses at once', (count, rounds) => {
  test.each(['the session', 'all sessions'])(
    'that are to be noted do not undo a logout of %s',
    async (what) => {
      await inManyOrders(rounds, async ({ clock, at, seed }) => {
        const here = await at(0).logIn()
        const there = what === 'the session' ? await at(0).logIn() : undefined
        clock.advance(IDLE_SECONDS * 500)

        const uses = times(count, (index) => outcomeOf(at(index).use(here)))
        const logout = at(count).logOut(there && here)
        const outcomes = await Promise.all(uses)
        await logout

        expect(['OK', 'UNAUTHENTICATED'], seed).toEqual(expect.arrayContaining(outcomes))
        expect(await outcomeOf(at(1).use(here)), seed).toBe('UNAUTHENTICATED')
        if (there) expect(await outcomeOf(at(2).use(there)), seed).toBe('OK')
        else expect(await at(0).account(), seed).toMatchObject({ sessions: [] })
      })
    },
  )

  test('all succeed, and that they did is noted', async () => {
    await inManyOrders(rounds, async ({ clock, at, seed }) => {
      const token = await at(0).logIn()
      clock.advance(IDLE_SECONDS * 500)

      const outcomes = await Promise.all(times(count, (index) => outcomeOf(at(index).use(token))))

      expect(new Set(outcomes), seed).toEqual(new Set(['OK']))
      expect((await at(0).account())?.sessions, seed).toMatchObject([{ usedAtMs: clock.nowMs() }])
    })
  })
})

test('a stolen token that is used while the session moves on ends it under its newest token', async () => {
  await inManyOrders(300, async ({ clock, at, seed }) => {
    const stolen = await at(0).logIn()
    const token = await at(0).logIn({ token: stolen })
    clock.advance(300_000)
    const attempt = at(1).ask(token)

    const login = at(1).logIn({ attempt })
    const thief = outcomeOf(at(2).use(stolen))
    const tokens = await tokensOf([login])

    expect(await thief, seed).toBe('UNAUTHENTICATED')
    for (const each of [stolen, token, ...tokens])
      expect(await outcomeOf(at(3).use(each)), seed).toBe('UNAUTHENTICATED')
  })
})

test('failed decryptions at once do not undo a logout everywhere', async () => {
  await inManyOrders(200, async ({ at, seed }) => {
    await at(0).logIn()

    const failures = times(8, (index) => outcomeOf(at(index).failToDecrypt()))
    const logout = at(3).logOut()
    const outcomes = await Promise.all(failures)
    await logout

    expect(['OK', 'SESSION_EXPIRED'], seed).toEqual(expect.arrayContaining(outcomes))
    expect(await at(0).account(), seed).toMatchObject({ sessions: [] })
    expect(await outcomeOf(at(1).keys()), seed).toBe('SESSION_EXPIRED')
  })
})

test('64 failed decryptions at once are told ten times, also when the user logs out meanwhile', async () => {
  await inManyOrders(20, async ({ at, seed }) => {
    const token = await at(0).logIn()
    await at(0).logIn()

    const failures = times(64, (index) => outcomeOf(at(index).failToDecrypt()))
    const logout = at(1).logOut(token)
    const outcomes = await Promise.all(failures)
    await logout

    expect(outcomes.filter((outcome) => outcome === 'OK').length, seed).toBe(10)
    expect(outcomes.filter((outcome) => outcome === 'RATE_LIMITED').length, seed).toBe(54)
  })
})
