import { Problem } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { type Account, readAccount } from '../../shared/state/accounts.ts'
import { noteDecryptFailure } from '../../shared/state/decryptBudget.ts'
import { openSession } from '../../shared/state/openSession.ts'
import { createRecords } from '../../shared/state/records.ts'
import type { LoginAttempt } from '../../shared/state/revocations.ts'
import { liveSessionKeys } from '../../shared/state/sessionKeys.ts'
import { endSessions, useSession } from '../../shared/state/sessions.ts'
import { sessionIdOf } from '../../shared/state/sessionToken.ts'
import { keyRing } from './keyRing.ts'
import { createTestClock, type TestClock } from './testClock.ts'
import { createTestStore, type TestStore } from './testStore.ts'

/** Alice's. */
export const OPENID = 'oAlice-0123456789_0123456789'

export const TTL_SECONDS = 604_800
export const IDLE_SECONDS = 86_400
const CALL_MS = 9500

/** What an instance does to Alice's account. */
export type Instance = {
  /** A login that asks WeChat now and may bring a token along. */
  ask(token?: string): LoginAttempt
  logIn(options?: {
    readonly attempt?: LoginAttempt
    readonly token?: string
    readonly key?: string
  }): Promise<string>
  use(token: string): Promise<unknown>
  /** Ends the session of a token, or all of them. */
  logOut(token?: string): Promise<number>
  failToDecrypt(): Promise<void>
  keys(): Promise<readonly string[]>
  account(): Promise<Account | undefined>
}

type InstanceOptions = {
  /** How far this instance's clock is ahead of the others. */
  readonly aheadMs?: number
  /** The ids of its `STATE_KEYS`. */
  readonly stateKeys?: readonly [string, ...string[]]
}

export type SessionFleet = {
  readonly clock: TestClock
  readonly store: TestStore
  instance(options?: InstanceOptions): Instance
}

/**
 * Instances with one store and nothing else in common, all of them at the sessions of one user.
 *
 * @param seed with one, what runs in parallel is interleaved in an order of its own
 */
export function createSessionFleet(seed?: number): SessionFleet {
  const clock = createTestClock()
  const fraction = seed === undefined ? () => 0 : createFractions(seed)
  const store = createTestStore(interleaved(createMemoryStore(clock), fraction))

  return { clock, store, instance: (options = {}) => createInstance({ clock, store, fraction, ...options }) }
}

type Parts = InstanceOptions & {
  readonly clock: TestClock
  readonly store: StateStore
  readonly fraction: () => number
}

function createInstance({ clock, store, fraction, aheadMs = 0, stateKeys = ['k1'] }: Parts): Instance {
  const ownClock: Clock = {
    nowMs: () => clock.nowMs() + aheadMs,
    // What is slept before trying again is as long as it looks to the others; a time limit is real.
    sleep: (durationMs, signal) =>
      signal ? clock.sleep(durationMs, signal) : letOthersGo(durationMs * TURNS_PER_MS),
  }
  const random = { ...systemRandom, fraction }
  const keys = keyRing(...stateKeys)
  const records = createRecords({ store, appId: 'wx1', keys, clock: ownClock, random })
  const state = { records, clock: ownClock, random }
  const readAlice = async () => (await readAccount(records, OPENID)).value

  const instance: Instance = {
    ask(token) {
      const askedAtMs = ownClock.nowMs()
      const claimedSessionId = token && sessionIdOf(token)
      return { askedAtMs, deadlineAtMs: askedAtMs + CALL_MS, claimedSessionId }
    },
    async logIn({ token, attempt = instance.ask(token), key = 'key' } = {}) {
      return (await openSession(state, { openid: OPENID, sessionKey: key }, attempt, TTL_SECONDS)).token
    },
    use: (token) => useSession(state, token, IDLE_SECONDS),
    logOut: (token) =>
      endSessions(state, OPENID, token ? { sessionId: sessionIdOf(token) } : 'all', IDLE_SECONDS),
    failToDecrypt: () => noteDecryptFailure(state, { openid: OPENID }),
    keys: async () => liveSessionKeys(await readAlice(), ownClock.nowMs()),
    account: readAlice,
  }
  return instance
}

/** What became of a piece of work: `OK`, or the code of its problem. */
export const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'OK',
    (thrown) => {
      if (thrown instanceof Problem) return thrown.code
      throw thrown
    },
  )

const letOthersGo = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await undefined
}

/** Numbers in [0, 1), the same for the same seed: a linear congruential generator (Numerical Recipes). */
function createFractions(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const MAX_TURNS = 5
const TURNS_PER_MS = 5

/** A store whose operations take their time, before they happen and after. */
function interleaved(store: StateStore, fraction: () => number): StateStore {
  const slow = async <T>(operate: () => Promise<T>): Promise<T> => {
    await letOthersGo(fraction() * MAX_TURNS)
    const result = await operate()
    await letOthersGo(fraction() * MAX_TURNS)
    return result
  }
  return {
    get: (key) => slow(() => store.get(key)),
    putIfAbsent: (key, record) => slow(() => store.putIfAbsent(key, record)),
    compareAndSet: (key, version, record) => slow(() => store.compareAndSet(key, version, record)),
    deleteIf: (key, version) => slow(() => store.deleteIf(key, version)),
  }
}
