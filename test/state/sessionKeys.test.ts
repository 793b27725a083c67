import { describe, expect, test } from 'vitest'
import { createSessionFleet, outcomeOf } from '../support/sessionFleet.ts'

const FIVE_MINUTES_MS = 300_000

describe('of two logins', () => {
  test.each([
    ['first', ['earlier', 'later']],
    ['last', ['later', 'earlier']],
  ])('the one that asked WeChat later has the current key, when the other stores %s', async (_, order) => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const earlier = alice.ask()
    clock.advance(10)
    const attempts = { earlier, later: alice.ask() }

    for (const key of order) await alice.logIn({ key, attempt: attempts[key as keyof typeof attempts] })

    expect(await alice.keys()).toEqual(['later', 'earlier'])
  })

  test('the one that was overtaken has a key that is honoured for five minutes', async () => {
    const { clock, instance } = createSessionFleet()
    const alice = instance()
    const attempt = alice.ask()
    clock.advance(10)
    await alice.logIn({ key: 'later' })
    await alice.logIn({ key: 'earlier', attempt })

    clock.advance(FIVE_MINUTES_MS - 1)
    expect(await alice.keys()).toEqual(['later', 'earlier'])
    clock.advance(1)
    expect(await alice.keys()).toEqual(['later'])
  })

  test.each([600_000, -600_000])(
    'the second has the current key, with the clock of the first %d ms ahead',
    async (aheadMs) => {
      const { clock, instance } = createSessionFleet()
      await instance({ aheadMs }).logIn({ key: 'first' })
      clock.advance(1000)
      const alice = instance()
      await alice.logIn({ key: 'second' })

      expect(await alice.keys()).toEqual(['second', 'first'])
      clock.advance(FIVE_MINUTES_MS)
      expect(await alice.keys()).toEqual(['second'])
    },
  )
})

test('the previous key dies when any session is ended, the current one with the last', async () => {
  const alice = createSessionFleet().instance()
  const [first, second] = [await alice.logIn({ key: 'before' }), await alice.logIn({ key: 'now' })]
  expect(await alice.keys()).toEqual(['now', 'before'])

  await alice.logOut(first)
  expect(await alice.keys()).toEqual(['now'])
  await alice.logOut(second)
  expect(await outcomeOf(alice.keys())).toBe('SESSION_EXPIRED')
  expect(JSON.stringify(await alice.account())).not.toContain('now')
})

test('a login that replaces a session still honours the key of before for five minutes', async () => {
  const alice = createSessionFleet().instance()
  const token = await alice.logIn({ key: 'before' })
  await alice.logIn({ key: 'now', token })

  expect(await alice.keys()).toEqual(['now', 'before'])
})
