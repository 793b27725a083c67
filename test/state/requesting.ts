import type { Problem } from '../../shared/core/problem.ts'
import type { KeyRing } from '../../shared/core/seal.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { type Reconciled, runOnce } from '../../shared/state/effects.ts'
import { createRecords } from '../../shared/state/records.ts'
import type { Spending } from '../../shared/state/spending.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

export const DAY_MS = 86_400_000
const TIME_MS = 9500
/** Beyond the deadline, for the answer to be written down. */
export const LEASE_MS = TIME_MS + 1000

type Request = {
  readonly id?: string
  readonly payload?: unknown
  readonly requestId?: string
  readonly mayBeRetried?: boolean
  readonly keys?: KeyRing
  readonly spend?: () => Promise<Spending>
  readonly reconcile?: () => Promise<Reconciled<unknown>>
}

/** One-time effects over an empty store, and a clock that stands still. */
export function createEffects() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  let sent = 0

  /** One request by a process of its own, which sends a message unless told otherwise. */
  function request(
    {
      id = 'send',
      payload = { to: 'alice' },
      requestId = 'request-1',
      mayBeRetried = false,
      keys = keyRing('k1'),
      spend,
      reconcile,
    }: Request = {},
    effect: () => Promise<unknown> = async () => ({ msgid: String(sent) }),
  ) {
    const records = createRecords({ store, appId: 'wx1', keys, clock, random: promptRandom })
    const deadlineAtMs = clock.nowMs() + TIME_MS
    return runOnce(
      { records, clock },
      {
        id,
        payload,
        requestId,
        deadlineAtMs,
        keepMs: DAY_MS,
        mayBeRetried,
        ...(spend && { spend }),
        ...(reconcile && { reconcile }),
      },
      () => {
        sent++
        return effect()
      },
    )
  }
  return {
    clock,
    store,
    request,
    get sent() {
      return sent
    },
  }
}

/** An effect, or the spending for one, that fails so. */
export const failWith = (problem: Problem | Error) => async (): Promise<never> => {
  throw problem
}

/** An effect that waits to be told how it ends. */
export function createPending() {
  let finish: (answer: unknown) => void = () => undefined
  let fail: (reason: unknown) => void = () => undefined
  const answer = new Promise<unknown>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  return {
    effect: () => answer,
    finish: (value: unknown) => finish(value),
    fail: (reason: unknown) => fail(reason),
  }
}

/** Lets everybody go on until they wait for something else than the store. */
export const settle = () => new Promise((resolve) => setImmediate(resolve))
