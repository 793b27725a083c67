import { expect, test } from 'vitest'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import { readAccount } from '../../shared/state/accounts.ts'
import { claimOpenData } from '../../shared/state/openDataClaims.ts'
import { openSession } from '../../shared/state/openSession.ts'
import { createRecords } from '../../shared/state/records.ts'
import { sessionIdOf } from '../../shared/state/sessionToken.ts'
import { keyRing } from '../support/keyRing.ts'
import { createTestClock } from '../support/testClock.ts'

const RACERS = 64
const ROUNDS = 1000
const TIMEOUT_MS = 120_000
const TTL_SECONDS = 600

/** Sixty-four processes over one store, whose pauses take no time. */
function createProcesses() {
  const clock = { ...createTestClock(), sleep: async () => undefined }
  const store = createMemoryStore(clock)
  const keys = keyRing('k1')
  const open = () => createRecords({ store, appId: 'wx1', keys, clock, random: systemRandom })
  const [first = open(), ...others] = Array.from({ length: RACERS }, open)

  return { clock, first, all: [first, ...others] }
}

test(
  'a token is replaced by one of sixty-four logins at once, in each of a thousand rounds',
  async () => {
    const { clock, first, all } = createProcesses()
    const nowMs = clock.nowMs()
    const attempt = { askedAtMs: nowMs, deadlineAtMs: nowMs + 9500 }

    for (let round = 0; round < ROUNDS; round++) {
      const user = { openid: `o-${round}`, sessionKey: `key-${round}` }
      const state = { clock, random: systemRandom }
      const { token } = await openSession({ ...state, records: first }, user, attempt, TTL_SECONDS)
      const claimedSessionId = sessionIdOf(token)

      const logins = await Promise.allSettled(
        all.map((records) =>
          openSession({ ...state, records }, user, { ...attempt, claimedSessionId }, TTL_SECONDS),
        ),
      )

      const opened = logins.flatMap((login) => (login.status === 'fulfilled' ? [login.value.token] : []))
      const { value: account } = await readAccount(first, user.openid)
      expect(account?.sessions.map(({ id }) => id).sort()).toEqual(opened.map(sessionIdOf).sort())
      expect(account?.sessions.filter(({ former }) => former)).toHaveLength(1)
    }
  },
  TIMEOUT_MS,
)

test(
  'open data that is good once is taken by one of sixty-four processes at once, in each of a thousand rounds',
  async () => {
    const { clock, all } = createProcesses()

    for (let round = 0; round < ROUNDS; round++) {
      const data = { openid: 'o-alice', ciphertext: Buffer.from(String(round).padStart(32, '0')) }

      const claims = await Promise.allSettled(
        all.map((records) => claimOpenData(records, data, clock.nowMs() + 1000)),
      )

      expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const claim of claims.filter(({ status }) => status === 'rejected'))
        expect(claim).toMatchObject({ reason: { code: 'OPEN_DATA_STALE' } })
    }
  },
  TIMEOUT_MS,
)
