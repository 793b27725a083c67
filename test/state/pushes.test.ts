import { describe, expect, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { handleOnce, keepMessage, MAX_TRIES } from '../../shared/state/pushes.ts'
import { createRecords } from '../../shared/state/records.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'
import { createPending, settle } from './requesting.ts'

const RAW = { format: 'json', text: '{"MsgType":"text"}' } as const
const TRY_MS = 4000
const WEEK_MS = 7 * 86_400_000

/** A place where messages are handled, by as many processes as one likes. */
function createHandling() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  const quarantined: number[] = []
  let runs = 0

  const records = (id = 'k1') =>
    createRecords({ store, appId: 'wx1', keys: keyRing(id), clock, random: promptRandom })

  const handle = (
    handler: () => Promise<unknown> = async () => ({ reply: runs }),
    id = 'push-1',
    key = 'k1',
  ) =>
    handleOnce(
      { records: records(key), clock },
      {
        id,
        raw: RAW,
        deadlineAtMs: clock.nowMs() + TRY_MS,
        answerByMs: clock.nowMs() + 900,
        handle: () => {
          runs++
          return handler()
        },
        onQuarantine: (tries) => void quarantined.push(tries),
      },
    )

  return {
    clock,
    store,
    records,
    handle,
    quarantined,
    get runs() {
      return runs
    },
  }
}

const failing = async (): Promise<never> => {
  throw new Error('the handler is broken')
}

describe('a message', () => {
  test('is handled once, and its repeats get the same reply', async () => {
    const handling = createHandling()

    expect(await handling.handle()).toEqual({ reply: 1 })
    expect(await handling.handle()).toEqual({ reply: 1 })

    expect(handling.runs).toBe(1)
  })

  test('whose handler has nothing to say has nothing to say to its repeats', async () => {
    const handling = createHandling()

    expect(await handling.handle(async () => undefined)).toBeUndefined()
    expect(await handling.handle()).toBeUndefined()

    expect(handling.runs).toBe(1)
  })

  test('that sixty-four hear of at once is handled by one of them; WeChat repeats it for the others', async () => {
    const handling = createHandling()
    const pending = createPending()
    const all = Promise.allSettled(Array.from({ length: 64 }, () => handling.handle(pending.effect)))
    await settle()
    pending.finish({ reply: 'hello' })

    const outcomes = await all

    expect(handling.runs).toBe(1)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual([
      { status: 'fulfilled', value: { reply: 'hello' } },
    ])
    for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
      expect(outcome).toMatchObject({ reason: { code: 'IN_PROGRESS' } })
    }
  })

  test('whose handler fails is handled again when WeChat repeats it', async () => {
    const handling = createHandling()

    await expect(handling.handle(failing)).rejects.toThrow('the handler is broken')
    expect(await handling.handle()).toEqual({ reply: 2 })

    expect(handling.quarantined).toEqual([])
  })

  test('whose handler fails three times is set aside, acknowledged, and not handled any more', async () => {
    const handling = createHandling()
    for (let tries = 1; tries < MAX_TRIES; tries++) await expect(handling.handle(failing)).rejects.toThrow()

    expect(await handling.handle(failing)).toBeUndefined()
    expect(await handling.handle()).toBeUndefined()

    expect([handling.runs, handling.quarantined]).toEqual([MAX_TRIES, [MAX_TRIES]])
  })

  test('that is set aside does not keep others from being handled', async () => {
    const handling = createHandling()
    for (let tries = 1; tries <= MAX_TRIES; tries++) await handling.handle(failing).catch(() => undefined)

    expect(await handling.handle(undefined, 'push-2')).toEqual({ reply: MAX_TRIES + 1 })
  })

  test('whose process dies is handled again once its time is over', async () => {
    const handling = createHandling()
    void handling.handle(createPending().effect)
    await settle()

    await expect(handling.handle()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    handling.clock.advance(TRY_MS + 500)

    expect(await handling.handle()).toEqual({ reply: 2 })
  })

  test('whose process dies three times is set aside', async () => {
    const handling = createHandling()
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      void handling.handle(createPending().effect)
      await settle()
      handling.clock.advance(TRY_MS + 500)
    }

    expect(await handling.handle()).toBeUndefined()
    expect(await handling.handle()).toBeUndefined()

    expect([handling.runs, handling.quarantined]).toEqual([MAX_TRIES, [MAX_TRIES]])
  })

  test('is not handled without a store, and is when WeChat repeats it', async () => {
    const handling = createHandling()
    handling.store.isDown = true
    await expect(handling.handle()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
    expect(handling.runs).toBe(0)

    handling.store.isDown = false
    expect(await handling.handle()).toEqual({ reply: 1 })
  })

  test('that was handled stays handled though its end could not be written', async () => {
    const handling = createHandling()
    const reply = await handling.handle(async () => {
      handling.store.refusesWrites = true
      return { reply: 'hello' }
    })

    expect(reply).toEqual({ reply: 'hello' })
  })

  test('whose handler was thawed after another took over does not overwrite what that came to', async () => {
    const handling = createHandling()
    const frozen = createPending()
    const late = handling.handle(frozen.effect)
    await settle()
    handling.clock.advance(TRY_MS + 500)
    await handling.handle(async () => ({ reply: 'the second' }))

    frozen.fail(new Problem('INTERNAL'))
    await expect(late).rejects.toMatchObject({ code: 'INTERNAL' })

    expect(await handling.handle()).toEqual({ reply: 'the second' })
  })

  test('under a key that is gone was received all the same', async () => {
    const handling = createHandling()
    await handling.handle()

    expect(await handling.handle(undefined, 'push-1', 'k2')).toBeUndefined()

    expect(handling.runs).toBe(1)
  })
})

describe('a message that nobody reacts to', () => {
  test('is kept with one write, whole and sealed, for a week', async () => {
    const { store, records, clock } = createHandling()

    expect(await keepMessage({ records: records(), clock }, 'push-1', RAW)).toBe(true)

    expect(store.operations).toEqual(['putIfAbsent'])
    expect((await records().read('push', 'push-1')).value).toMatchObject({ ...RAW, state: 'kept' })
    expect(store.dump()).not.toContain('MsgType')
    clock.advance(WEEK_MS)
    expect((await records().read('push', 'push-1')).value).toBeUndefined()
  })

  test('is kept once, however often it comes', async () => {
    const { records, clock } = createHandling()
    await keepMessage({ records: records(), clock }, 'push-1', RAW)

    expect(await keepMessage({ records: records(), clock }, 'push-1', RAW)).toBe(false)
  })

  test('is not handled later, when there is a handler: it was acknowledged', async () => {
    const handling = createHandling()
    await keepMessage({ records: handling.records(), clock: handling.clock }, 'push-1', RAW)

    expect(await handling.handle()).toBeUndefined()

    expect(handling.runs).toBe(0)
  })
})
