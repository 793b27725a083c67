import { expect, test } from 'vitest'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { createRecords } from '../../shared/state/records.ts'
import { burnChallenge, issueChallenge } from '../../shared/state/soterChallenges.ts'
import { advanceCounter } from '../../shared/state/soterDevices.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'

const RACERS = 64
const ROUNDS = 1000
const TIMEOUT_MS = 120_000

/** Sixty-four processes over one store, whose pauses take no time. */
function createProcesses() {
  const clock = { ...createTestClock(), sleep: async () => undefined }
  const store = createMemoryStore(clock)
  const keys = keyRing('k1')
  const open = () => createRecords({ store, appId: 'wx1', keys, clock, random: promptRandom })
  const [first = open(), ...others] = Array.from({ length: RACERS }, open)

  return { clock, first, all: [first, ...others] }
}

test(
  'a challenge is burnt by one of sixty-four processes at once, in each of a thousand rounds',
  async () => {
    const { clock, first, all } = createProcesses()
    const issuedFor = { openid: 'o-alice', purpose: 'pay' }

    for (let round = 0; round < ROUNDS; round++) {
      const { challenge } = await issueChallenge(
        { records: first, clock, random: promptRandom },
        issuedFor,
        120,
      )

      const burnt = await Promise.all(all.map((records) => burnChallenge(records, challenge)))

      expect(burnt.filter((found) => found !== undefined)).toEqual([issuedFor])
    }
  },
  TIMEOUT_MS,
)

test(
  'a counter is shown by one of sixty-four processes at once, in each of a thousand rounds',
  async () => {
    const { all } = createProcesses()
    const device = { openid: 'o-alice', cpuId: 'cpu', uid: '1' }

    for (let counter = 1; counter <= ROUNDS; counter++) {
      const outcomes = await Promise.allSettled(
        all.map((records) => advanceCounter(records, device, counter)),
      )

      const accepted = outcomes.filter(({ status }) => status === 'fulfilled')
      expect(accepted).toMatchObject([{ value: { newDevice: counter === 1 } }])
      for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
        expect(outcome).toMatchObject({ reason: { code: 'BIOMETRIC_FAILED' } })
      }
    }
  },
  TIMEOUT_MS,
)
