import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GrantNews } from '../../shared/core/grantNews.ts'
import { countGrants } from '../../shared/core/grantsOfTemplate.ts'
import {
  endSend,
  findSend,
  grantsOf,
  hearNews,
  isSending,
  isWorthKeeping,
  NO_GRANTS,
  remainingOf,
  reserveGrant,
  type Told,
  tidyGrants,
  type UserGrants,
} from '../../shared/core/grantsOfUser.ts'
import { NOW_MS } from '../support/testClock.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const AT = { nowMs: NOW_MS, longTermTemplates: ['news'] }

const accepted = (templateId: string, atMs = NOW_MS): GrantNews => ({
  kind: 'tap',
  templateId,
  isAccepted: true,
  atMs,
})
const delivery = (msgid: string, atMs = NOW_MS, templateId = 'tea'): GrantNews => ({
  kind: 'delivery',
  templateId,
  msgid,
  isDelivered: true,
  atMs,
})
const push = (id: string, ...news: readonly GrantNews[]): Told => ({ id, source: 'push', news })

const hear = (grants: UserGrants, ...told: readonly Told[]) => hearNews(grants, told, NOW_MS)
const countOf = (grants: UserGrants, templateId = 'tea', at = AT) =>
  countGrants(grantsOf(grants, templateId), at)

const keyOf = (sendId: string, templateId = 'tea') => ({ sendId, templateId })
const reserve = (grants: UserGrants, sendId: string, atMs = NOW_MS) =>
  reserveGrant(grants, keyOf(sendId), { atMs, untilMs: atMs + 10 * SECOND_MS })

const GRANTED = hear(NO_GRANTS, push('1', accepted('tea', NOW_MS - MINUTE_MS)))

describe('news', () => {
  test('count for the template that they are about', () => {
    const grants = hear(NO_GRANTS, push('1', accepted('tea'), accepted('cake')), push('2', accepted('tea')))

    expect(['tea', 'cake', 'news'].map((templateId) => countOf(grants, templateId))).toEqual([2, 1, 0])
  })

  test('that were heard before change nothing', () => {
    expect(hear(GRANTED, push('1', accepted('tea'), accepted('cake')))).toBe(GRANTED)
  })

  test('that are heard twice at once count once', () => {
    expect(countOf(hear(NO_GRANTS, push('1', accepted('tea')), push('1', accepted('tea'))))).toBe(1)
  })

  test('are known for a week', () => {
    const weekLater = NOW_MS + 7 * DAY_MS
    const recent = hearNews(GRANTED, [push('2')], weekLater - 1)
    const forgetful = hearNews(GRANTED, [push('2')], weekLater)

    expect(recent.heard.map(({ id }) => id)).toEqual(['1', '2'])
    expect(forgetful.heard.map(({ id }) => id)).toEqual(['2'])
  })

  test('of a template whose name every object has count like any other', () => {
    for (const templateId of ['constructor', '__proto__', 'toString']) {
      expect(countOf(NO_GRANTS, templateId)).toBe(0)
      expect(countOf(hear(NO_GRANTS, push('1', accepted(templateId))), templateId)).toBe(1)
    }
  })
})

describe('a withdrawal', () => {
  test('leaves nothing of its template, and others alone', () => {
    const withdrawal: GrantNews = { kind: 'withdrawal', templateId: 'tea', atMs: NOW_MS }
    const grants = hear(GRANTED, push('2', accepted('cake', NOW_MS)), push('3', withdrawal))

    expect([countOf(grants), countOf(grants, 'cake')]).toEqual([0, 1])
  })
})

describe('a message', () => {
  test('takes a grant and the turn before it is sent', () => {
    const grants = reserve(GRANTED, 'send-1')

    expect(countOf(grants)).toBe(0)
    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'started' })
    expect([isSending(GRANTED, NOW_MS), isSending(grants, NOW_MS)]).toEqual([false, true])
  })

  test('holds the turn until its time is over, and not at all by a clock that is far ahead', () => {
    const grants = reserve(GRANTED, 'send-1')

    const times = [9999, 10_000, -15 * MINUTE_MS + 10_000, -15 * MINUTE_MS + 9999]
    expect(times.map((ms) => isSending(grants, NOW_MS + ms))).toEqual([true, false, true, false])
  })

  test('that was sent keeps the grant and gives the turn back', () => {
    const grants = endSend(reserve(GRANTED, 'send-1'), keyOf('send-1'), { state: 'sent', msgid: 'm-1' })

    expect(countOf(grants)).toBe(0)
    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'sent', msgid: 'm-1' })
    expect(isSending(grants, NOW_MS)).toBe(false)
  })

  test('that was not sent gives both back', () => {
    const grants = endSend(reserve(GRANTED, 'send-1'), keyOf('send-1'), { state: 'unsent' })

    expect(countOf(grants)).toBe(1)
    expect(findSend(grants, keyOf('send-1'))).toBeUndefined()
    expect(isSending(grants, NOW_MS)).toBe(false)
  })

  test('that WeChat refused for want of a grant leaves none but what was granted since', () => {
    const reserved = reserve(hear(GRANTED, push('2', accepted('tea'))), 'send-1', NOW_MS + SECOND_MS)
    const since = accepted('tea', NOW_MS + 2 * SECOND_MS)
    const end = { state: 'unsent', isNoneLeft: true } as const
    const grants = endSend(hear(reserved, push('3', since)), keyOf('send-1'), end)

    expect([countOf(reserved), countOf(grants)]).toEqual([1, 1])
    expect(countOf(endSend(reserved, keyOf('send-1'), end))).toBe(0)
  })

  test('gives back no turn but its own', () => {
    const other = reserve(reserve(GRANTED, 'send-1'), 'send-2')

    for (const state of ['sent', 'unknown', 'unsent'] as const) {
      expect(isSending(endSend(other, keyOf('send-1'), { state }), NOW_MS)).toBe(true)
      expect(isSending(endSend(other, keyOf('send-0'), { state }), NOW_MS)).toBe(true)
    }
  })

  test('whose id was used before, a day ago, is another one', () => {
    const yesterday = endSend(reserve(GRANTED, 'send-1', NOW_MS - DAY_MS), keyOf('send-1'), { state: 'sent' })
    const grants = endSend(reserve(yesterday, 'send-1'), keyOf('send-1'), { state: 'unsent' })

    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ atMs: NOW_MS - DAY_MS })
  })
})

describe('a report', () => {
  const unknown = (grants: UserGrants, sendId: string) => endSend(grants, keyOf(sendId), { state: 'unknown' })

  test('shows that a message of which nobody knew the end was sent', () => {
    const grants = hear(unknown(reserve(GRANTED, 'send-1'), 'send-1'), push('2', delivery('m-1')))

    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'sent', msgid: 'm-1' })
  })

  test('shows so though the message did not reach the user', () => {
    const failed: GrantNews = {
      kind: 'delivery',
      templateId: 'tea',
      msgid: 'm-1',
      isDelivered: false,
      atMs: NOW_MS,
    }
    const grants = hear(unknown(reserve(GRANTED, 'send-1'), 'send-1'), push('2', failed))

    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'sent', msgid: 'm-1' })
    expect(countOf(grants)).toBe(0)
  })

  test('shows so before anybody gives the message up', () => {
    const grants = unknown(hear(reserve(GRANTED, 'send-1'), push('2', delivery('m-1'))), 'send-1')

    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'sent', msgid: 'm-1' })
  })

  test('takes the grant again that was taken for unused', () => {
    const hourAgo = NOW_MS - 60 * MINUTE_MS
    const granted = hear(NO_GRANTS, push('1', accepted('tea', hourAgo - MINUTE_MS)))
    const lost = unknown(reserve(granted, 'send-1', hourAgo), 'send-1')

    expect(countOf(lost)).toBe(1)
    expect(countOf(hear(lost, push('2', delivery('m-1', hourAgo))))).toBe(0)
  })

  test('is about the message with its id, whatever was sent since', () => {
    const first = endSend(reserve(GRANTED, 'send-1', NOW_MS - 2000), keyOf('send-1'), {
      state: 'sent',
      msgid: 'm-1',
    })
    const second = unknown(reserve(first, 'send-2', NOW_MS - 1000), 'send-2')
    const grants = hear(second, push('2', delivery('m-1')))

    expect(findSend(grants, keyOf('send-2'))).toMatchObject({ state: 'unknown' })
  })

  test('is otherwise about the latest message before it without an id', () => {
    const sends = [4000, 3000, -1001].reduce(
      (grants, agoMs, index) => unknown(reserve(grants, `send-${index}`, NOW_MS - agoMs), `send-${index}`),
      GRANTED,
    )
    const grants = hear(sends, push('2', delivery('m-1')))

    expect([0, 1, 2].map((index) => findSend(grants, keyOf(`send-${index}`))?.state)).toEqual([
      'unknown',
      'sent',
      'unknown',
    ])
  })

  test('is not about a message of another template', () => {
    const grants = hear(
      unknown(reserve(GRANTED, 'send-1'), 'send-1'),
      push('2', delivery('m-1', NOW_MS, 'cake')),
    )

    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'unknown' })
  })

  test.each([
    ['has another id', { state: 'sent', msgid: 'm-2' }],
    ['was not sent', { state: 'unsent' }],
  ] as const)('that seemed to be about a message which %s goes to the one before', (_, end) => {
    const before = unknown(reserve(GRANTED, 'send-1', NOW_MS - 2000), 'send-1')
    const heard = hear(reserve(before, 'send-2', NOW_MS - 1000), push('2', delivery('m-1')))
    const grants = endSend(heard, keyOf('send-2'), end)

    expect(findSend(heard, keyOf('send-2'))).toMatchObject({ msgid: 'm-1' })
    expect(findSend(grants, keyOf('send-1'))).toMatchObject({ state: 'sent', msgid: 'm-1' })
    expect(findSend(grants, keyOf('send-2'))?.msgid).toBe(end.state === 'sent' ? 'm-2' : undefined)
  })

  test('about nothing that we know is heard and forgotten', () => {
    expect(tidyGrants(hear(NO_GRANTS, push('1', delivery('m-1'))), AT)).toMatchObject({ templates: [] })
  })
})

describe('what remains', () => {
  test('is told once any grant was heard of', () => {
    expect(remainingOf(reserve(NO_GRANTS, 'send-1'), 'tea', AT)).toBeUndefined()
    expect(remainingOf(GRANTED, 'tea', AT)).toBe(1)
    expect(remainingOf(reserve(GRANTED, 'send-1'), 'tea', AT)).toBe(0)
  })

  test('is not told of a long-term template', () => {
    expect(remainingOf(hear(NO_GRANTS, push('1', accepted('news'))), 'news', AT)).toBeUndefined()
  })
})

describe('a user is worth keeping', () => {
  const sent = endSend(reserve(GRANTED, 'send-1'), keyOf('send-1'), { state: 'sent' })
  const unknown = endSend(reserve(GRANTED, 'send-1'), keyOf('send-1'), { state: 'unknown' })

  test.each([
    ['with a grant', GRANTED, true],
    ['without one', sent, false],
    ['with one that a message has used, or has not', unknown, true],
    ['with a long-term consent', hear(NO_GRANTS, push('1', accepted('news'))), true],
    ['of whom nothing is known', NO_GRANTS, false],
    ['with a message that no grant was known for', reserve(NO_GRANTS, 'send-1'), false],
  ])('%s: %#', (_, grants, isKept) => {
    expect(isWorthKeeping(grants, AT)).toBe(isKept)
  })
})

describe('the bounds', () => {
  const templateOf = (index: number) => `template-${index}-`.padEnd(128, 'x')

  test('keep a user far below what a record holds, and lose no grant of a template that stays', () => {
    const news = Array.from({ length: 150 }, (_, index) =>
      Array.from({ length: 10 }, () => accepted(templateOf(index))),
    ).flat()
    const many = news.map((piece, index) => push(`news-${index}`, piece))
    const heard = many.reduce((grants, told) => tidyGrants(hear(grants, told), AT), NO_GRANTS)
    const grants = Array.from({ length: 400 }).reduce<UserGrants>(
      (soFar, _, index) => tidyGrants(reserve(soFar, `send-${index}`.padEnd(43, 'x')), AT),
      heard,
    )

    expect(grants.templates).toHaveLength(100)
    expect(JSON.stringify(grants).length).toBeLessThan(170_000)
    expect(countOf(grants, templateOf(149))).toBe(10)
  })

  test('drop templates without grants first, and of those the one that was used longest ago', () => {
    const used = (index: number) => [
      push(`a${index}`, accepted(templateOf(index), NOW_MS - 2)),
      push(`b${index}`, { kind: 'withdrawal', templateId: templateOf(index), atMs: NOW_MS - 1 }),
    ]
    const granted = hear(NO_GRANTS, push('first', accepted('tea')))
    const full = hear(granted, ...Array.from({ length: 99 }, (_, index) => used(index)).flat())
    const grants = tidyGrants(hear(full, push('last', accepted('cake'))), AT)

    expect(grants.templates.map(({ templateId }) => templateId)).toEqual([
      'tea',
      ...Array.from({ length: 98 }, (_, index) => templateOf(index + 1)),
      'cake',
    ])
  })

  test('tell since when messages are all remembered', () => {
    const sends = (atMs: number, times: number) =>
      Array.from({ length: times }).reduce<UserGrants>(
        (grants, _, index) => reserve(grants, `send-${index}`, atMs + index),
        NO_GRANTS,
      )

    expect(tidyGrants(sends(NOW_MS, 100), AT).forgottenToMs).toBeUndefined()
    expect(tidyGrants(sends(NOW_MS, 103), AT).forgottenToMs).toBe(NOW_MS + 2)
    expect(tidyGrants(sends(NOW_MS - 3 * DAY_MS, 5), AT)).toMatchObject({
      forgottenToMs: NOW_MS - 3 * DAY_MS + 4,
      templates: [],
    })
  })
})

describe('whatever is told', () => {
  const templateId = fc.constantFrom('tea', 'news')
  const atMs = fc.nat({ max: 24 * 60 }).map((minutes) => NOW_MS - minutes * MINUTE_MS)
  const news = fc.oneof(
    fc.record({ kind: fc.constant('tap' as const), templateId, isAccepted: fc.boolean(), atMs }),
    fc.record({ kind: fc.constant('withdrawal' as const), templateId, atMs }),
    fc.record({
      kind: fc.constant('delivery' as const),
      templateId,
      msgid: fc.uuid(),
      isDelivered: fc.boolean(),
      atMs,
    }),
  )
  const told = fc
    .array(fc.record({ source: fc.constantFrom('frontEnd' as const, 'push' as const), piece: news }), {
      maxLength: 24,
    })
    .map((all) =>
      all.map(({ source, piece }, index): Told => {
        // Our own clock stamps what the front end tells, when it tells it.
        const atMs = source === 'frontEnd' ? NOW_MS + index + 1 : piece.atMs
        return { id: `news-${index}`, source, news: [{ ...piece, atMs }] }
      }),
    )

  /** A user to whom messages are under way, or lost. */
  const sentTo = fc.array(fc.record({ templateId, atMs }), { maxLength: 8 }).map((sends) =>
    sends.reduce<UserGrants>((grants, { templateId, atMs }, index) => {
      const key = keyOf(`send-${index}`, templateId)
      return endSend(reserveGrant(grants, key, { atMs, untilMs: atMs }), key, { state: 'unknown' })
    }, NO_GRANTS),
  )
  const counts = (grants: UserGrants) => ['tea', 'news'].map((id) => countOf(grants, id))

  /** The front end's tellings arrive in the order of their stamps, and pushes whenever they do. */
  const arrive = (pieces: readonly Told[]): readonly Told[] => {
    const stamped = pieces.filter(({ source }) => source === 'frontEnd')
    const inOrder = stamped.toSorted((a, b) => (a.news[0]?.atMs ?? 0) - (b.news[0]?.atMs ?? 0)).values()
    return pieces.map((piece) => (piece.source === 'frontEnd' ? (inOrder.next().value ?? piece) : piece))
  }

  test('the counts do not depend on the order in which pushes arrive', () => {
    const permuted = told.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }).map(arrive)),
    )
    fc.assert(
      fc.property(sentTo, permuted, (grants, [all, shuffled]) => {
        expect(counts(hear(grants, ...shuffled))).toEqual(counts(hear(grants, ...all)))
      }),
    )
  })

  test('they do not depend on how often, nor on when it is tidied', () => {
    const repeated = told.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all)))
    fc.assert(
      fc.property(sentTo, repeated, (grants, [all, again]) => {
        const once = hear(grants, ...all)
        const tidied = [...all, ...again].reduce((soFar, piece) => tidyGrants(hear(soFar, piece), AT), grants)

        expect(counts(tidied)).toEqual(counts(once))
      }),
    )
  })
})

test('news that come together are all remembered, however many they are', () => {
  const many = Array.from({ length: 400 }, (_, at) =>
    push(`tap ${at}`, accepted('tea', NOW_MS - at * SECOND_MS)),
  )
  const once = hear(NO_GRANTS, ...many)

  expect(many.every(({ id }) => once.heard.some((heard) => heard.id === id))).toBe(true)
  expect(countOf(hear(tidyGrants(once, AT), ...many, push('one more', accepted('tea'))))).toBe(401)
})

describe('what our own instances see', () => {
  const toldAt = (id: string, atMs: number): Told => ({
    id,
    source: 'frontEnd',
    news: [accepted('tea', atMs)],
  })

  test.each([50, 1000, 60_000])(
    'stays in the order of its writing though a clock is %i ms behind',
    (behindMs) => {
      const tapped = hear(NO_GRANTS, toldAt('1', NOW_MS))
      const sent = endSend(reserve(tapped, 'send-1', NOW_MS - behindMs), keyOf('send-1'), { state: 'sent' })
      expect(countOf(sent)).toBe(0)

      const again = hear(sent, toldAt('2', NOW_MS - 2 * behindMs))
      expect(countOf(again)).toBe(1)
    },
  )

  test('comes after what WeChat has told, by a clock that is behind WeChat’s', () => {
    const pushed = hear(NO_GRANTS, push('1', accepted('tea', NOW_MS + 4000)))

    expect(countOf(endSend(reserve(pushed, 'send-1'), keyOf('send-1'), { state: 'sent' }))).toBe(0)
  })

  test('comes after a refusal that was heard before, so that a new tap counts', () => {
    const refused = endSend(reserve(hear(NO_GRANTS, toldAt('1', NOW_MS)), 'send-1'), keyOf('send-1'), {
      state: 'unsent',
      isNoneLeft: true,
    })
    expect(countOf(refused)).toBe(0)

    expect(countOf(hear(refused, toldAt('2', NOW_MS - 60_000)))).toBe(1)
  })

  test('does not follow a clock that is far off', () => {
    const ahead = hear(NO_GRANTS, push('1', accepted('tea', NOW_MS + DAY_MS)))

    expect(findSend(reserve(ahead, 'send-1'), keyOf('send-1'))?.atMs).toBe(NOW_MS)
  })
})

describe('a report of a message whose id nobody knows', () => {
  const sentWithout = (grants: UserGrants, sendId: string, atMs: number) =>
    endSend(reserve(grants, sendId, atMs), keyOf(sendId), { state: 'sent' })
  const lost = (grants: UserGrants, sendId: string, atMs: number) =>
    endSend(reserve(grants, sendId, atMs), keyOf(sendId), { state: 'unknown' })

  test('is about one that WeChat has confirmed, and not about a later one that may never have arrived', () => {
    const both = lost(sentWithout(GRANTED, 'send-1', NOW_MS), 'send-2', NOW_MS + SECOND_MS)

    const reported = hear(both, push('r1', delivery('m-1', NOW_MS + 2 * SECOND_MS)))
    expect(findSend(reported, keyOf('send-1'))).toMatchObject({ state: 'sent', msgid: 'm-1' })
    expect(findSend(reported, keyOf('send-2'))).toMatchObject({ state: 'unknown' })

    const all = hear(reported, push('r2', delivery('m-2', NOW_MS + 3 * SECOND_MS)))
    expect(findSend(all, keyOf('send-2'))).toMatchObject({ state: 'sent', msgid: 'm-2' })
  })

  test('is not about one that was confirmed more than an hour before', () => {
    const both = lost(sentWithout(GRANTED, 'send-1', NOW_MS), 'send-2', NOW_MS + 61 * MINUTE_MS)

    const reported = hear(both, push('r1', delivery('m-2', NOW_MS + 61 * MINUTE_MS)))

    expect(findSend(reported, keyOf('send-2'))).toMatchObject({ state: 'sent', msgid: 'm-2' })
  })
})
