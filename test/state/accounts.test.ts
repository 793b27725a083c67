import { expect, test } from 'vitest'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { liveSessionKeys, openSession, readAccount } from '../../shared/state/accounts.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'

const FIVE_MINUTES_MS = 300_000

function createAccounts() {
  const clock = createTestClock()
  const store = createMemoryStore(clock)
  const records = createRecords({ store, appId: 'wx1', keys: keyRing('k1'), clock, random: promptRandom })

  return {
    clock,
    logIn: (sessionKey: string, askedAtMs: number) =>
      openSession({ records, clock, random: promptRandom }, { openid: 'alice', sessionKey, askedAtMs }, 3600),
    keys: async () => liveSessionKeys((await readAccount(records, 'alice')).value, clock.nowMs()),
  }
}

test('of two logins the one that asked WeChat later has the current key, whoever stores first', async () => {
  for (const order of [
    ['earlier', 'later'],
    ['later', 'earlier'],
  ]) {
    const { logIn, keys } = createAccounts()

    for (const key of order) await logIn(key, key === 'later' ? NOW_MS + 10 : NOW_MS)

    expect(await keys()).toEqual(['later', 'earlier'])
  }
})

test('the key of the login that was overtaken is honoured for five minutes', async () => {
  const { clock, logIn, keys } = createAccounts()
  await logIn('later', NOW_MS + 10)
  await logIn('earlier', NOW_MS)

  clock.advance(FIVE_MINUTES_MS)

  expect(await keys()).toEqual(['later'])
})
