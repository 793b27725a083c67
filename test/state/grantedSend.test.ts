import { describe, expect, test } from 'vitest'
import type { GrantNews } from '../../shared/core/grantNews.ts'
import { Problem } from '../../shared/core/problem.ts'
import type { KeyRing } from '../../shared/core/seal.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import { createGrantedSend, type GrantedSend } from '../../shared/state/grantedSend.ts'
import { putIntoInbox } from '../../shared/state/grantInbox.ts'
import { receiveNews, recordTaps } from '../../shared/state/grantLedger.ts'
import { createRecords } from '../../shared/state/records.ts'
import { handleOf } from '../../shared/state/sessionToken.ts'
import { keyRing } from '../support/keyRing.ts'
import { promptRandom } from '../support/promptRandom.ts'
import { createTestClock, NOW_MS } from '../support/testClock.ts'
import { createTestStore } from '../support/testStore.ts'

/** A send that finds nothing granted looks whether something waits. */
const INBOX_READS = ['get', 'get', 'get', 'get']

const SECOND_MS = 1000
const HOUR_MS = 3600 * SECOND_MS
const DAY_MS = 24 * HOUR_MS
const OPTIONS = { longTermTemplates: ['news'] }
const UNKNOWN = new Problem('OUTCOME_UNKNOWN')
const REFUSED = new Problem('USER_REFUSED', { upstream: { errcode: 43101 } })

type SendChanges = {
  readonly templateId?: string
  readonly isEnforced?: boolean
  readonly timeMs?: number
  readonly keys?: KeyRing
  readonly openid?: string
}

/** Messages to Alice, each by a process of its own, and a clock that stands still. */
function createSends() {
  const clock = createTestClock()
  const store = createTestStore(createMemoryStore(clock))
  const recordsWith = (keys = keyRing('k1'), random = promptRandom) =>
    createRecords({ store, appId: 'wx1', keys, clock, random })
  const state = { records: recordsWith(), clock }
  let told = 0
  const tell = (...news: readonly GrantNews[]) =>
    receiveNews(state, 'alice', { id: `news-${told++}`, news }, OPTIONS)

  return {
    clock,
    store,
    state,
    send(
      sendId: string,
      { templateId = 'tea', isEnforced = true, timeMs = 9500, keys, openid = 'alice' }: SendChanges = {},
    ): GrantedSend {
      const deadlineAtMs = clock.nowMs() + timeMs
      return createGrantedSend(
        { records: recordsWith(keys, systemRandom), clock, random: promptRandom },
        { openid, templateId, sendId, deadlineAtMs, keepMs: DAY_MS, isEnforced, ...OPTIONS },
      )
    },
    tell,
    async grant(times = 1, templateId = 'tea') {
      for (let tap = 0; tap < times; tap++) {
        const news = [{ kind: 'tap', templateId, isAccepted: true, atMs: clock.nowMs() }] as const
        await recordTaps(state, 'alice', { id: `tap-${told++}`, news }, OPTIONS)
      }
    },
    report: (msgid: string) => ({
      kind: 'delivery' as const,
      templateId: 'tea',
      msgid,
      isDelivered: true,
      atMs: clock.nowMs(),
    }),
    async count(templateId = 'tea') {
      const countOf = await recordTaps(state, 'alice', { id: 'count', news: [] }, OPTIONS)
      return countOf(templateId)
    },
  }
}

describe('a message', () => {
  test('takes a read and a write before it is sent, and a write after', async () => {
    const { send, store, grant } = createSends()
    await grant()
    const before = store.operations.length
    const first = send('send-1')

    await first.reserve()
    expect(store.operations.slice(before)).toEqual(['get', 'compareAndSet'])
    expect(await first.sent('m-1')).toEqual({ msgid: 'm-1', remaining: 0 })

    expect(store.operations.slice(before)).toEqual(['get', 'compareAndSet', 'compareAndSet'])
  })

  test('tells what remains once any grant was heard of', async () => {
    const { send, grant } = createSends()
    const sendOne = async (sendId: string, templateId?: string) => {
      const one = send(sendId, { isEnforced: false, ...(templateId && { templateId }) })
      await one.reserve()
      return one.sent(undefined)
    }
    expect(await sendOne('send-1')).toEqual({})

    await grant(2)
    await grant(1, 'news')

    expect(await sendOne('send-2')).toEqual({ remaining: 1 })
    expect(await sendOne('send-3', 'cake')).toEqual({})
    expect(await sendOne('send-4', 'news')).toEqual({})
    expect(await sendOne('send-5')).toEqual({ remaining: 0 })
    expect(await sendOne('send-6')).toEqual({ remaining: 0 })
  })

  test('tells of the grant that came while it was under way', async () => {
    const { send, grant } = createSends()
    await grant()
    const one = send('send-1')
    await one.reserve()

    await grant()

    expect(await one.sent('m-1')).toEqual({ msgid: 'm-1', remaining: 1 })
  })

  test('of a long-term template leaves its consent', async () => {
    const { send, grant, count } = createSends()
    await grant(1, 'news')

    for (const sendId of ['send-1', 'send-2', 'send-3']) {
      const one = send(sendId, { templateId: 'news' })
      await one.reserve()
      await one.sent(sendId)
    }

    expect(await count('news')).toBe(1)
  })
})

describe('a grant', () => {
  test('that nobody knows of is refused where one is needed, and nothing is written', async () => {
    const { send, store } = createSends()

    await expect(send('send-1').reserve()).rejects.toMatchObject({
      code: 'USER_REFUSED',
      options: { isBeforehand: true },
    })

    expect(store.operations).toEqual(['get', ...INBOX_READS])
  })

  test('is given back for a message that was not sent', async () => {
    const { send, grant, count } = createSends()
    await grant()

    for (const code of ['RATE_LIMITED', 'TEMPLATE_DATA_INVALID', 'CONFIG_ERROR'] as const) {
      const spending = await send(`send-${code}`).reserve()
      expect(await count()).toBe(0)
      await spending.giveBack(new Problem(code))
    }

    expect(await count()).toBe(1)
  })

  test('is gone with all the others when WeChat knows of none', async () => {
    const { send, grant, count, clock } = createSends()
    await grant(3)
    clock.advance(SECOND_MS)
    const spending = await send('send-1').reserve()

    await spending.giveBack(REFUSED)

    expect(await count()).toBe(0)
    await expect(send('send-2').reserve()).rejects.toMatchObject({ code: 'USER_REFUSED' })
    await grant()
    expect(await count()).toBe(1)
  })

  test('is used, though nobody knows, for an hour', async () => {
    const { send, grant, count, clock } = createSends()
    await grant()
    const one = send('send-1')
    await one.reserve()
    expect(await one.unknown()).toBeUndefined()

    clock.advance(HOUR_MS - 1)
    expect(await count()).toBe(0)
    clock.advance(1)
    expect(await count()).toBe(1)
  })

  test('is held for an hour by a process that died', async () => {
    const { send, grant, clock } = createSends()
    await grant()
    await send('send-1').reserve()
    clock.advance(HOUR_MS - 1)
    await expect(send('send-2').reserve()).rejects.toMatchObject({ code: 'USER_REFUSED' })

    clock.advance(1)
    await send('send-3').reserve()
  })

  test('that waits in the inbox is found, and counts once', async () => {
    const { send, state, store, count } = createSends()
    const news = [{ kind: 'tap', templateId: 'tea', isAccepted: true, atMs: NOW_MS }] as const
    const handle = handleOf('alice')
    await putIntoInbox(state.records, handle, { id: '1', source: 'push', news })

    const one = send('send-1')
    await one.reserve()
    await one.sent('m-1')

    expect(await store.get(`wx1:grantInbox:${handle}`)).toBeUndefined()
    expect(await count()).toBe(0)
    await expect(send('send-2').reserve()).rejects.toMatchObject({ code: 'USER_REFUSED' })
  })

  test('for one of sixty-four messages at once lets one out', async () => {
    const { send, grant, count } = createSends()
    await grant()

    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, async (_, index) => {
        const one = send(`send-${index}`)
        await one.reserve()
        return one.sent(`m-${index}`)
      }),
    )

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'USER_REFUSED' })
    expect(await count()).toBe(0)
  })

  test('for each of seven lets seven of sixty-four out, one after the other', async () => {
    const { send, grant, count } = createSends()
    await grant(7)
    let underWay = 0
    let mostAtOnce = 0

    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, async (_, index) => {
        const one = send(`send-${index}`)
        await one.reserve()
        mostAtOnce = Math.max(mostAtOnce, ++underWay)
        await new Promise((resolve) => setTimeout(resolve, 5))
        underWay--
        return one.sent(`m-${index}`)
      }),
    )

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    expect(mostAtOnce).toBe(1)
    expect(await count()).toBe(0)
  })
})

describe('the turn', () => {
  test('is waited for until the message before is through', async () => {
    const { send, grant } = createSends()
    await grant(2)
    const first = send('send-1')
    await first.reserve()

    const second = send('send-2').reserve()
    expect(await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 120, 'waits'))])).toBe(
      'waits',
    )
    await first.sent('m-1')

    expect(await second).toHaveProperty('giveBack')
  })

  test('that does not come in time is RATE_LIMITED, and no grant is taken', async () => {
    const { send, grant, count } = createSends()
    await grant(2)
    await send('send-1').reserve()

    await expect(send('send-2', { timeMs: 2300 }).reserve()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      options: { retryAfterMs: 1000 },
    })

    expect(await count()).toBe(1)
  })

  test('of a process that died is over a second beyond its deadline', async () => {
    const { send, grant, clock } = createSends()
    await grant(2)
    await send('send-1').reserve()

    clock.advance(9500 + 999)
    await expect(send('send-2', { timeMs: 2000 }).reserve()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    clock.advance(1)
    await send('send-3').reserve()
  })

  test('that was taken by a clock far ahead holds nobody', async () => {
    const { send, grant, clock } = createSends()
    await grant(2)
    clock.advance(DAY_MS)
    await send('send-1').reserve()

    clock.advance(-DAY_MS)

    await send('send-2', { isEnforced: false }).reserve()
  })

  test('of one user is in nobody else’s way, and messages of other templates wait for it', async () => {
    const { send } = createSends()
    await send('send-1', { isEnforced: false }).reserve()

    await send('send-2', { isEnforced: false, openid: 'bob' }).reserve()
    const other = { isEnforced: false, templateId: 'cake', timeMs: 2000 }
    await expect(send('send-3', other).reserve()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })

  test('is given back by whoever has it and nobody else', async () => {
    const { send, grant, clock } = createSends()
    await grant(3)
    const zombie = send('send-1')
    const spending = await zombie.reserve()
    clock.advance(20 * SECOND_MS)
    await send('send-2').reserve()

    await spending.giveBack(new Problem('UPSTREAM_TIMEOUT'))

    await expect(send('send-3', { timeMs: 2000 }).reserve()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })
})

describe('the same message', () => {
  test('is not sent by two whose clocks differ so much that one takes the other for dead', async () => {
    const { send, grant, clock } = createSends()
    await grant(2)
    await send('send-1').reserve()

    clock.advance(20 * SECOND_MS)

    await expect(send('send-1').reserve()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
  })

  test('may be sent a minute later when its first end could not be entered', async () => {
    const { send, grant, store, clock } = createSends()
    await grant(2)
    const spending = await send('send-1').reserve()
    store.isDown = true
    await spending.giveBack(new Problem('RATE_LIMITED'))
    store.isDown = false

    clock.advance(60 * SECOND_MS - 1)
    await expect(send('send-1').reserve()).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    clock.advance(1)
    const again = send('send-1')
    await again.reserve()
    expect(await again.sent('m-1')).toMatchObject({ msgid: 'm-1' })
  })

  test('is sent by one of sixty-four', async () => {
    const { send, grant, clock } = createSends()
    await grant(64)

    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, index) => {
        clock.advance(1)
        return send('send-1', { timeMs: 9500 + index }).reserve()
      }),
    )

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'IN_PROGRESS' })
  })

  test('is another one a day later', async () => {
    const { send, grant, count, clock } = createSends()
    await grant(2)
    const first = send('send-1')
    await first.reserve()
    await first.sent('m-1')

    clock.advance(DAY_MS)
    const second = send('send-1')
    expect(await second.trace()).toBe('neverBegun')
    await second.reserve()
    await second.sent('m-2')

    expect(await count()).toBe(0)
  })
})

describe('the store', () => {
  test.each(['down', 'answerLost'] as const)(
    'that is %s lets nothing out, and no grant is lost',
    async (fault) => {
      const { send, grant, store, count } = createSends()
      await grant()
      const { compareAndSet } = store
      store.compareAndSet = async (...write) => {
        store.compareAndSet = compareAndSet
        if (fault === 'answerLost') await compareAndSet(...write)
        throw new Problem('STATE_UNAVAILABLE')
      }

      await expect(send('send-1').reserve()).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

      expect(await count()).toBe(1)
      await send('send-1').reserve()
    },
  )

  test('that has written without knowing has reserved all the same', async () => {
    const { send, grant, store, count } = createSends()
    await grant(2)
    const { compareAndSet } = store
    store.compareAndSet = async (...write) => {
      store.compareAndSet = compareAndSet
      await compareAndSet(...write)
      return false
    }

    await send('send-1').reserve()

    expect(await count()).toBe(1)
  })

  test('that fails afterwards turns no end into another', async () => {
    const { send, grant, store } = createSends()
    await grant(3)
    const [sent, unknown, returned] = [send('send-1'), send('send-2'), send('send-3')]
    await sent.reserve()
    store.isDown = true
    expect(await sent.sent('m-1')).toEqual({ msgid: 'm-1', remaining: 2 })
    store.isDown = false
    await send('send-1').sent('m-1')

    await unknown.reserve()
    store.isDown = true
    expect(await unknown.unknown()).toBeUndefined()
    store.isDown = false
    await send('send-2').unknown()

    const spending = await returned.reserve()
    store.isDown = true
    await spending.giveBack(UNKNOWN)
  })

  test('whose keys cannot open the ledger begins none anew', async () => {
    const { send, grant, store } = createSends()
    await grant()
    const dump = store.dump()

    for (const isEnforced of [true, false]) {
      const one = send('send-1', { isEnforced, keys: keyRing('k2') })
      const refused = { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') }
      await expect(one.reserve()).rejects.toMatchObject(refused)
      await expect(one.trace()).rejects.toMatchObject(refused)
    }

    expect(store.dump()).toBe(dump)
  })
})

describe('a message of which no answer came', () => {
  test('was sent when a report has told so by then', async () => {
    const { send, grant, tell, report } = createSends()
    await grant(2)
    const one = send('send-1')
    await one.reserve()
    await tell(report('m-1'))

    expect(await one.unknown()).toEqual({ msgid: 'm-1', remaining: 1 })
  })

  test('is traced once a report tells of it', async () => {
    const { send, grant, tell, report, clock } = createSends()
    await grant(2)
    const one = send('send-1')
    await one.reserve()
    await one.unknown()
    expect(await send('send-1').trace()).toBeUndefined()

    clock.advance(3 * HOUR_MS)
    await tell(report('m-1'))

    expect(await send('send-1').trace()).toEqual({ answer: { msgid: 'm-1', remaining: 1 } })
  })

  test('is traced while the report still waits in the inbox', async () => {
    const { send, state, report } = createSends()
    const one = send('send-1', { isEnforced: false })
    await one.reserve()
    await one.unknown()

    const told = { id: '1', source: 'push', news: [report('m-1')] } as const
    await putIntoInbox(state.records, handleOf('alice'), told)

    expect(await send('send-1').trace()).toEqual({ answer: { msgid: 'm-1' } })
  })

  test('is traced when only the request key has not heard of the answer', async () => {
    const { send } = createSends()
    const one = send('send-1', { isEnforced: false })
    await one.reserve()
    await one.sent('m-1')

    expect(await send('send-1').trace()).toEqual({ answer: { msgid: 'm-1' } })
  })

  test('was never begun when the ledger does not know it', async () => {
    const { send, grant } = createSends()
    expect(await send('send-1').trace()).toBe('neverBegun')
    await grant()
    const spending = await send('send-2').reserve()
    await spending.giveBack(new Problem('RATE_LIMITED'))

    expect(await send('send-1').trace()).toBe('neverBegun')
    expect(await send('send-2').trace()).toBe('neverBegun')
  })

  test('may have been sent when the ledger has forgotten messages since', async () => {
    const { send, clock } = createSends()
    for (let index = 0; index < 101; index++) {
      const one = send(`send-${index}`, { isEnforced: false })
      await one.reserve()
      await one.sent(`m-${index}`)
    }
    await send('send-101', { isEnforced: false }).reserve()

    expect(await send('send-0').trace()).toBeUndefined()
    expect(await send('send-x').trace()).toBeUndefined()
    clock.advance(DAY_MS + 1)
    expect(await send('send-x').trace()).toBe('neverBegun')
  })
})
