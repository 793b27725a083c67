import { expect, test } from 'vitest'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { runOnce } from '../../shared/state/effects.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'

const RACERS = 64
const ROUNDS = 1000
const TIMEOUT_MS = 120_000

function createRacers() {
  const clock = createTestClock()
  const store = createMemoryStore(clock)
  const keys = keyRing('k1')
  return Array.from({ length: RACERS }, () => {
    const records = createRecords({ store, appId: 'wx1', keys, clock, random: promptRandom })
    return (id: string, requestId: string, effect: () => Promise<string>) =>
      runOnce(
        { records, clock },
        { id, payload: 'tea', requestId, deadlineAtMs: clock.nowMs() + 9500, mayBeRetried: true },
        effect,
      )
  })
}

test(
  'of sixty-four processes with one request key one sends, in each of a thousand rounds',
  async () => {
    const racers = createRacers()

    for (let round = 0; round < ROUNDS; round++) {
      let sent = 0
      const outcomes = await Promise.allSettled(
        racers.map((request) =>
          request(`round-${round}`, 'request-1', async () => {
            sent++
            return `message ${sent}`
          }),
        ),
      )

      expect(sent).toBe(1)
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') expect(outcome.value.answer).toBe('message 1')
        else expect(outcome.reason).toMatchObject({ code: 'IN_PROGRESS' })
      }
    }
  },
  TIMEOUT_MS,
)
