import { expect, test } from 'vitest'
import { type Channel, ExchangeFailure } from '../../shared/wechat/channel.ts'
import { checkText } from '../../shared/wechat/endpoints/checkText.ts'
import { exchangeWithRepeats } from '../../shared/wechat/exchangeWithRepeats.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'

/** A channel on which every attempt takes its time and then fails, and a clock that goes on with it. */
async function exchange({
  attemptMs,
  remainingMs,
  jitter,
}: Record<'attemptMs' | 'remainingMs' | 'jitter', number>) {
  const clock = createTestClock()
  const timeouts: number[] = []
  const pauses: number[] = []
  const channel: Channel = {
    needsAccessToken: false,
    async exchange({ timeoutMs }) {
      timeouts.push(timeoutMs)
      clock.advance(Math.min(attemptMs, timeoutMs))
      throw new ExchangeFailure('unreachable', true, 'reset')
    },
  }
  const sleep = async (durationMs: number) => {
    pauses.push(durationMs)
    clock.advance(durationMs)
  }
  const failure = await exchangeWithRepeats(
    channel,
    { endpoint: checkText, request: {} },
    {
      clock: { nowMs: clock.nowMs, sleep },
      random: { ...promptRandom, fraction: () => jitter },
      deadlineAtMs: NOW_MS + remainingMs,
    },
    () => undefined,
  ).catch((thrown: unknown) => thrown)
  return { failure, timeouts, pauses }
}

test.each([
  [1, [100, 200]],
  [0.5, [50, 100]],
  [0, [0, 0]],
])('pauses double, with full jitter: %d', async (jitter, expected) => {
  const { failure, pauses } = await exchange({ attemptMs: 10, remainingMs: 9500, jitter })

  expect(pauses).toEqual(expected)
  expect(failure).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
})

test.each([
  [9500, [5000, 4400]],
  [19_500, [5000, 5000, 5000]],
  [3000, [3000]],
])('of %i ms an attempt gets five seconds, or what is left', async (remainingMs, expected) => {
  const { timeouts } = await exchange({ attemptMs: 60_000, remainingMs, jitter: 1 })

  expect(timeouts).toEqual(expected)
})

test.each([
  [1000, 950, 1],
  [1000, 949, 2],
])(
  'of %i ms, after an attempt of %i nothing is repeated that has less than 50 left',
  async (remainingMs, attemptMs, count) => {
    const { timeouts } = await exchange({ attemptMs, remainingMs, jitter: 0 })

    expect(timeouts).toHaveLength(count)
  },
)
