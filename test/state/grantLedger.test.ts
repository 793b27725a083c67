import { describe, expect, test } from 'vitest'
import type { GrantNews } from '../../shared/core/grantNews.ts'
import { Problem } from '../../shared/core/problem.ts'
import type { KeyRing } from '../../shared/core/seal.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import { createCallRecords } from '../../shared/state/callRecords.ts'
import { type NewsTold, receiveNews, recordTaps } from '../../shared/state/grantLedger.ts'
import { createRecords } from '../../shared/state/records.ts'
import { handleOf } from '../../shared/state/sessionToken.ts'
import { keyRing } from '../support/keyRing.ts'
import { createRunningClock } from '../support/runningClock.ts'
import { NOW_MS } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const OPTIONS = { longTermTemplates: ['news'] }
const LEDGER = `wx1:grants:${handleOf('alice')}`
const INBOXES = [0, 1, 2, 3].map((inbox) => `wx1:grantInbox:${handleOf('alice')}:${inbox}`)

/** What waits in the inboxes, by its key. */
async function waitingIn(store: StateStore) {
  const found = await Promise.all(INBOXES.map(async (key) => [key, await store.get(key)] as const))
  return found.filter(([, record]) => record !== undefined)
}

const tap = (templateId = 'tea', atMs = NOW_MS, isAccepted = true): GrantNews => ({
  kind: 'tap',
  templateId,
  isAccepted,
  atMs,
})
const told = (id: string, ...news: readonly GrantNews[]): NewsTold => ({
  id,
  news: news.length > 0 ? news : [tap()],
})

/** A store that several processes share, each in its own way. */
function createLedgers(clock: Clock = createRunningClock()) {
  const store = createTestStore(createMemoryStore(clock))

  function process({
    through = store as StateStore,
    keys = keyRing('k1') as KeyRing,
    deadlineMs = 5000,
  } = {}) {
    const all = createRecords({ store: through, appId: 'wx1', keys, clock, random: systemRandom })
    const records = createCallRecords(() => all, clock, clock.nowMs() + deadlineMs)
    const state = { records, clock }
    return {
      receive: (news: NewsTold) => receiveNews(state, 'alice', news, OPTIONS),
      record: (news: NewsTold) => recordTaps(state, 'alice', news, OPTIONS),
      /** Counts, and enters what waits in the inbox. */
      async count(templateId = 'tea') {
        const countOf = await recordTaps(state, 'alice', { id: 'count', news: [] }, OPTIONS)
        return countOf(templateId)
      },
    }
  }
  return { clock, store, process }
}

/** Time that passes when everybody waits for it, and not otherwise. */
function createVirtualClock() {
  let nowMs = NOW_MS
  let timers: { readonly atMs: number; readonly wake: () => void }[] = []
  const clock: Clock = {
    nowMs: () => nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        const timer = { atMs: nowMs + durationMs, wake: resolve }
        timers.push(timer)
        signal?.addEventListener('abort', () => {
          timers = timers.filter((other) => other !== timer)
          resolve()
        })
      }),
  }

  /** Lets time pass until the work is done, or until nobody waits any more. Returns how long that took. */
  async function take(work?: Promise<unknown>): Promise<number> {
    const startedAtMs = nowMs
    let isDone = false
    const finish = () => {
      isDone = true
    }
    work?.then(finish, finish)
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const [next, ...others] = timers.toSorted((a, b) => a.atMs - b.atMs)
      if (isDone || !next) return nowMs - startedAtMs

      timers = others
      nowMs = next.atMs
      next.wake()
    }
  }
  return { clock, take }
}

/** The same store for somebody who has to wait for each of its operations. */
function slowed(store: StateStore, clock: Clock, operationMs: number): StateStore {
  const later =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await clock.sleep(operationMs)
      return work(...args)
    }
  return {
    get: later(store.get),
    putIfAbsent: later(store.putIfAbsent),
    compareAndSet: later(store.compareAndSet),
    deleteIf: later(store.deleteIf),
  }
}

/** Everything works but what is done to the ledger itself. */
const withoutLedger = (store: StateStore, fault: () => Promise<never>): StateStore => {
  const isLedger = (key: string) => key === LEDGER
  return {
    ...store,
    putIfAbsent: (key, record) => (isLedger(key) ? fault() : store.putIfAbsent(key, record)),
    compareAndSet: (key, version, record) =>
      isLedger(key) ? fault() : store.compareAndSet(key, version, record),
  }
}

const unavailable = async (): Promise<never> => {
  throw new Problem('STATE_UNAVAILABLE')
}
const never = () => new Promise<never>(() => undefined)

describe('news from WeChat', () => {
  test('are entered with a read and a write', async () => {
    const { store, process } = createLedgers()
    await process().receive(told('1'))

    expect(store.operations).toEqual(['get', 'putIfAbsent'])
    expect(await process().count()).toBe(1)
  })

  test('that are told again change nothing and write nothing', async () => {
    const { store, process } = createLedgers()
    await process().receive(told('1'))
    const before = store.operations.length

    await process().receive(told('1'))

    expect(store.operations.slice(before)).toEqual(['get'])
    expect(await process().count()).toBe(1)
  })

  test('of a one-time template that was not ticked need nothing of the store', async () => {
    const { store, process } = createLedgers()

    await process().receive(told('1', tap('tea', NOW_MS, false)))

    expect(store.operations).toEqual([])
  })

  test('of a long-term template that was not ticked end it', async () => {
    const { process } = createLedgers()
    await process().receive(told('1', tap('news', NOW_MS - MINUTE_MS)))
    expect(await process().count('news')).toBe(1)

    await process().receive(told('2', tap('news', NOW_MS, false)))

    expect(await process().count('news')).toBe(0)
  })

  test('that come to sixteen processes at once all count', async () => {
    const { process } = createLedgers()

    await Promise.all(Array.from({ length: 16 }, (_, index) => process().receive(told(`news-${index}`))))

    expect(await process().count()).toBe(16)
  })

  test('that come to sixty-four processes at once, all the same, count once', async () => {
    const { process } = createLedgers()

    await Promise.allSettled(Array.from({ length: 64 }, () => process().receive(told('1'))))

    expect(await process().count()).toBe(1)
  })

  test('tell nothing in the store, not even in its keys', async () => {
    const { clock, store, process } = createLedgers()

    await process({ through: slowed(store, clock, 150) }).receive(told('push-1', tap('order-shipped')))
    await process().receive(told('push-2', tap('order-shipped')))

    expect(store.dump()).not.toMatch(/alice|order-shipped|push-1/)
  })
})

describe('a tap', () => {
  test('that the front end and a push tell counts once, whoever comes first', async () => {
    for (const order of [
      ['receive', 'record'],
      ['record', 'receive'],
    ] as const) {
      const { process } = createLedgers()
      for (const by of order) await process()[by](told(by))

      expect(await process().count()).toBe(1)
    }
  })

  test('of the front end and news of a push are not the same for having the same id', async () => {
    const { process } = createLedgers()
    await process().receive(told('1', tap('tea', NOW_MS - 60 * MINUTE_MS)))

    await process().record(told('1'))

    expect(await process().count()).toBe(2)
  })

  test('is told with what is left of any template', async () => {
    const { process } = createLedgers()
    await process().record(told('1', tap(), tap('cake')))

    const countOf = await process().record(told('2'))

    expect(['tea', 'cake', 'none'].map(countOf)).toEqual([2, 1, 0])
  })
})

describe('a store that takes 800 ms for each operation', () => {
  async function receiveSlowly() {
    const { clock, take } = createVirtualClock()
    const ledgers = createLedgers(clock)
    const slow = ledgers.process({ through: slowed(ledgers.store, clock, 800) })
    const tookMs = await take(slow.receive(told('1')))
    return { ...ledgers, take, tookMs }
  }

  test('has news within a second, which another process finds there and counts once', async () => {
    const { store, process, take, tookMs } = await receiveSlowly()
    expect(tookMs).toBe(900)
    expect([await store.get(LEDGER), await waitingIn(store)]).toEqual([undefined, [expect.anything()]])

    expect(await process().count()).toBe(1)
    expect(await waitingIn(store)).toEqual([])
    await take()
    expect(await process().count()).toBe(1)
  })

  test('has no inbox left when nobody else comes', async () => {
    const { store, process, take } = await receiveSlowly()

    await take()

    expect([await store.get(LEDGER), await waitingIn(store)]).toEqual([expect.anything(), []])
    expect(await process().count()).toBe(1)
  })
})

describe('an inbox', () => {
  /** What a process leaves behind that could not enter it and is gone. */
  async function createLeftBehind(...news: readonly NewsTold[]) {
    const ledgers = createLedgers()
    const process = ledgers.process({ through: withoutLedger(ledgers.store, never) })
    for (const piece of news) await process.receive(piece)
    return ledgers
  }

  test('is entered when the count is asked for, once', async () => {
    const { store, process } = await createLeftBehind(told('1'), told('2'))
    expect(await store.get(LEDGER)).toBeUndefined()
    await process().receive(told('3'))

    expect(await process().count()).toBe(3)

    expect(await waitingIn(store)).toEqual([])
    for (const id of ['1', '2']) await process().receive(told(id))
    expect(await process().count()).toBe(3)
  })

  test('is entered with what the front end tells', async () => {
    const { store, process } = await createLeftBehind(told('1', tap('cake')))

    const countOf = await process().record(told('2'))

    expect([countOf('tea'), countOf('cake')]).toEqual([1, 1])
    expect(await waitingIn(store)).toEqual([])
  })

  test('is entered once by sixteen at once', async () => {
    const { process } = await createLeftBehind(told('1'), told('2'))

    const counts = await Promise.all(Array.from({ length: 16 }, () => process().count()))

    expect(counts).toEqual(counts.map(() => 2))
  })

  test('that stays though it was entered does not count again', async () => {
    const { store, process } = await createLeftBehind(told('1'))
    const left = await waitingIn(store)
    await process().count()

    for (const [key, record] of left) if (record) await store.putIfAbsent(key, record)

    expect(await process().count()).toBe(1)
    expect(await waitingIn(store)).toEqual([])
  })

  test('holds what is told again, which counts once', async () => {
    const { store, process } = await createLeftBehind(...Array.from({ length: 9 }, () => told('1')))
    expect(await waitingIn(store)).toHaveLength(INBOXES.length)

    expect(await process().count()).toBe(1)

    expect(await waitingIn(store)).toEqual([])
  })

  test('is another for each of the next news, so that none waits for the one before', async () => {
    const { clock, take } = createVirtualClock()
    const { store, process } = createLedgers(clock)
    const slow = process({ through: slowed(store, clock, 800), deadlineMs: 60_000 })

    const times = []
    for (const id of ['1', '2', '3', '4']) times.push(await take(slow.receive(told(id))))

    expect(times).toEqual([900, 900, 900, 900])
    await take()
    expect([await process().count(), await waitingIn(store)]).toEqual([4, []])
  })

  test('is there for each of four that come at once', async () => {
    const { clock, take } = createVirtualClock()
    const { store, process } = createLedgers(clock)
    const slow = process({ through: slowed(store, clock, 800), deadlineMs: 60_000 })

    const all = Promise.all(['1', '2', '3', '4'].map((id) => slow.receive(told(id))))

    expect(await take(all)).toBe(900)
    await take()
    expect([await process().count(), await waitingIn(store)]).toEqual([4, []])
  })

  test('takes what a ledger does that cannot be opened, until its key is back', async () => {
    const { process } = createLedgers()
    await process().receive(told('1'))

    await process({ keys: keyRing('k2') }).receive(told('2'))
    await expect(process({ keys: keyRing('k2') }).record(told('3'))).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringContaining('STATE_KEYS'),
    })

    expect(await process({ keys: keyRing('k1', 'k2') }).count()).toBe(2)
  })

  test('that cannot be opened stays until its key is back, and nothing else is lost', async () => {
    const { store, process } = await createLeftBehind(told('1'))
    const later = { keys: keyRing('k2') }

    await process(later).receive(told('2'))
    expect(await process(later).count()).toBe(1)

    expect(await waitingIn(store)).not.toEqual([])
    expect(await process({ keys: keyRing('k2', 'k1') }).count()).toBe(2)
  })

  test('that is full takes no more, and WeChat is to tell it again', async () => {
    const many = (id: string) => told(id, ...Array.from({ length: 200 }, () => tap()))
    const { store, process } = await createLeftBehind(
      ...Array.from({ length: 2 * INBOXES.length }, (_, at) => many(`many ${at}`)),
    )
    const broken = process({ through: withoutLedger(store, unavailable) })

    await expect(broken.receive(told('3'))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  })
})

describe('a store that fails', () => {
  test('at the ledger alone still has the news', async () => {
    const { store, process } = createLedgers()

    await process({ through: withoutLedger(store, unavailable) }).receive(told('1'))

    expect(await process().count()).toBe(1)
  })

  test.each<[string, (store: ReturnType<typeof createTestStore>) => StateStore]>([
    ['is down', (store) => Object.assign(store, { isDown: true })],
    ['takes no writes', (store) => Object.assign(store, { refusesWrites: true })],
    ['never answers', () => ({ get: never, putIfAbsent: never, compareAndSet: never, deleteIf: never })],
  ])('and %s has WeChat tell the news again', async (_, through) => {
    const { store, process } = createLedgers()
    const failing = process({ through: through(store), deadlineMs: 400 })

    await expect(failing.receive(told('1'))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    await expect(failing.record(told('1'))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    Object.assign(store, { isDown: false, refusesWrites: false })
    expect(await process().count()).toBe(0)
  })
})

describe('what is known of a user', () => {
  const keptFor = async (...news: readonly GrantNews[]) => {
    const { store, process } = createLedgers()
    await process().receive(told('1', ...news))
    const { expiresAtMs } = (await store.get(LEDGER)) ?? {}
    return expiresAtMs && Math.floor((expiresAtMs - NOW_MS) / DAY_MS)
  }

  test('is kept for good while anything is granted', async () => {
    expect(await keptFor(tap())).toBeUndefined()
    expect(await keptFor(tap('news'))).toBeUndefined()
  })

  test('is kept for eight days when nothing is', async () => {
    expect(await keptFor({ kind: 'withdrawal', templateId: 'tea', atMs: NOW_MS })).toBe(8)
    expect(await keptFor(tap(), { kind: 'withdrawal', templateId: 'tea', atMs: NOW_MS + 1 })).toBe(8)
  })
})
