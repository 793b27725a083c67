import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CountOptions,
  countGrants,
  foldGrants,
  type Happening,
  insertHappening,
  type Send,
  type Tap,
  type TemplateGrants,
} from '../../shared/core/grantsOfTemplate.ts'
import { NOW_MS } from '../support/testClock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const ONCE: CountOptions = { nowMs: NOW_MS, longTermTemplates: [] }
const LONG_TERM: CountOptions = { nowMs: NOW_MS, longTermTemplates: ['tea'] }

const tap = (source: Tap['source'], atMs: number, isAccepted = true): Tap => ({
  kind: 'tap',
  source,
  isAccepted,
  atMs,
})
const told = (atMs: number) => tap('frontEnd', atMs)
const pushed = (atMs: number) => tap('push', atMs)
const withdrawal = (atMs: number): Happening => ({ kind: 'withdrawal', atMs })
const noneLeft = (atMs: number): Happening => ({ kind: 'noneLeft', atMs })
const send = (atMs: number, state: Send['state'] = 'sent'): Send => ({
  kind: 'send',
  sendId: `send-${atMs}`,
  atMs,
  state,
})

const grantsWith = (happenings: readonly Happening[], base = 0): TemplateGrants => ({
  templateId: 'tea',
  base,
  happenings: happenings.reduce<readonly Happening[]>(insertHappening, []),
})

/** How many are left of what happened, minutes ago. */
const countOf = (happenings: readonly Happening[], options = ONCE): number =>
  countGrants(grantsWith(happenings), options)

const minutesAgo = (minutes: number) => NOW_MS - minutes * MINUTE_MS

describe('of a one-time template', () => {
  test.each<[string, readonly Happening[], number]>([
    ['nothing is left when nothing happened', [], 0],
    ['each accepted tap grants a message', [told(minutesAgo(50)), told(minutesAgo(20)), told(NOW_MS)], 3],
    ['a tap that is not accepted takes nothing', [told(minutesAgo(9)), tap('push', NOW_MS, false)], 1],
    ['each message uses one up', [told(minutesAgo(50)), told(minutesAgo(20)), send(NOW_MS)], 1],
    ['a message without a grant leaves no debt', [send(minutesAgo(9)), told(NOW_MS)], 1],
    ['a message is paid for by the pushed tap of its second', [send(NOW_MS + 999), pushed(NOW_MS)], 0],
    ['and by that of its millisecond', [send(NOW_MS), pushed(NOW_MS)], 0],
    ['but not by one that is told after it', [send(NOW_MS), told(NOW_MS)], 1],
    ['a withdrawal leaves nothing', [told(minutesAgo(9)), told(minutesAgo(8)), withdrawal(minutesAgo(7))], 0],
    ['a tap after it counts', [told(minutesAgo(30)), withdrawal(minutesAgo(20)), told(minutesAgo(10))], 1],
    ['a tap survives a withdrawal of its second', [pushed(NOW_MS), withdrawal(NOW_MS)], 1],
    ['nothing is left after WeChat has said so', [told(NOW_MS), pushed(NOW_MS - 1000), noneLeft(NOW_MS)], 0],
    [
      'but for the taps that may have come in the rest of that second',
      [told(NOW_MS), pushed(NOW_MS), send(NOW_MS + 1), pushed(NOW_MS), pushed(NOW_MS), noneLeft(NOW_MS + 2)],
      2,
    ],
    ['unless they are used up as well', [pushed(NOW_MS), send(NOW_MS + 1), noneLeft(NOW_MS + 2)], 0],
    ['and for those that are told after it', [told(NOW_MS), noneLeft(NOW_MS), told(NOW_MS)], 1],
    [
      'a tap that is heard of late pays for what was sent since',
      [send(minutesAgo(5)), pushed(minutesAgo(6))],
      0,
    ],
    ['a message under way uses one up', [told(minutesAgo(50)), send(minutesAgo(1), 'started')], 0],
    [
      'one that nobody knows the end of does, for an hour',
      [told(minutesAgo(90)), send(minutesAgo(59), 'unknown')],
      0,
    ],
    ['and no longer', [told(minutesAgo(90)), send(minutesAgo(60), 'unknown')], 1],
    ['nor does one whose sender is gone', [told(minutesAgo(90)), send(minutesAgo(60), 'started')], 1],
    ['one that was sent does for good', [told(minutesAgo(90)), send(minutesAgo(60), 'sent')], 0],
  ])('%s', (_, happenings, count) => {
    expect(countOf(happenings)).toBe(count)
  })
})

describe('of a long-term template', () => {
  test.each<[string, readonly Happening[], number]>([
    ['nothing is left when nothing happened', [], 0],
    ['one tap grants any number of messages', [told(minutesAgo(9)), send(minutesAgo(8)), send(NOW_MS)], 1],
    ['two taps are no more than one', [told(minutesAgo(50)), told(minutesAgo(9))], 1],
    ['a tap that is not accepted ends it', [told(minutesAgo(50)), tap('push', minutesAgo(9), false)], 0],
    ['a withdrawal ends it', [told(minutesAgo(50)), withdrawal(minutesAgo(9))], 0],
    ['a later tap begins it anew', [withdrawal(minutesAgo(50)), told(minutesAgo(9))], 1],
    [
      'a refusal that is told again after the next tap does not end it',
      [tap('push', minutesAgo(5), false), pushed(minutesAgo(3)), tap('frontEnd', minutesAgo(2), false)],
      1,
    ],
  ])('%s', (_, happenings, count) => {
    expect(countOf(happenings, LONG_TERM)).toBe(count)
  })
})

describe('a tap that the front end and a push tell', () => {
  test.each<[string, readonly Happening[], number]>([
    ['counts once', [told(minutesAgo(9)), pushed(minutesAgo(10))], 1],
    ['counts once up to ten minutes apart', [told(minutesAgo(0)), pushed(minutesAgo(10))], 1],
    ['counts twice when it cannot be the same', [told(minutesAgo(0)), pushed(minutesAgo(10) - 1)], 2],
    [
      'counts once for each pair',
      [told(minutesAgo(9)), told(minutesAgo(8)), pushed(minutesAgo(9)), pushed(minutesAgo(8))],
      2,
    ],
    [
      'is not one of two that the front end tells',
      [told(minutesAgo(9)), told(minutesAgo(9)), pushed(minutesAgo(9))],
      2,
    ],
    ['is not one of two that are pushed', [pushed(minutesAgo(9)), pushed(minutesAgo(8))], 2],
    ['is not one that was refused', [told(minutesAgo(9)), tap('push', minutesAgo(9), false)], 1],
    ['is not one that is pushed after it', [told(minutesAgo(9)), pushed(minutesAgo(9) + 31_000)], 2],
    ['may be, by a clock that is behind', [told(minutesAgo(9)), pushed(minutesAgo(9) + 30_000)], 1],
    [
      'counts once though the front end is so late that another was pushed meanwhile',
      [pushed(minutesAgo(19)), pushed(minutesAgo(11)), told(minutesAgo(10)), told(minutesAgo(2))],
      2,
    ],
    [
      'happened when the first of them says',
      [pushed(minutesAgo(9)), withdrawal(minutesAgo(8)), told(minutesAgo(7))],
      0,
    ],
  ])('%s', (_, happenings, count) => {
    expect(countOf(happenings)).toBe(count)
  })

  test('counts once however many there are, and in whatever order they are told', () => {
    const tapped = fc.record({
      agoMs: fc.integer({ min: 0, max: 120 * MINUTE_MS }),
      lagMs: fc.integer({ min: -30_000, max: 10 * MINUTE_MS }),
    })
    fc.assert(
      fc.property(fc.array(tapped, { maxLength: 25 }), fc.infiniteStream(fc.nat()), (taps, order) => {
        const tellings = taps.flatMap(({ agoMs, lagMs }) => {
          const atMs = Math.floor((NOW_MS - agoMs) / 1000) * 1000
          return [pushed(atMs), told(atMs + lagMs)]
        })
        expect(countOf(shuffle(tellings, order))).toBe(taps.length)
      }),
    )
  })
})

function shuffle<T>(items: readonly T[], order: Iterator<number>): readonly T[] {
  const left = [...items]
  return items.map(() => left.splice(Number(order.next().value) % left.length, 1)[0] as T)
}

const KINDS = {
  pushed,
  refused: (atMs: number) => tap('push', atMs, false),
  withdrawal,
  // Of what our own clock stamps with one millisecond, what was entered first happened first.
  sent: (atMs: number) => send(atMs + 1),
  started: (atMs: number) => send(atMs + 1, 'started'),
  told: (atMs: number) => told(atMs + 2),
  noneLeft: (atMs: number) => noneLeft(atMs + 3),
}
const happening = fc
  .record({ ago: fc.nat({ max: 72 * 60 }), kind: fc.constantFrom(...Object.values(KINDS)) })
  .map(({ ago, kind }): Happening => kind(minutesAgo(ago)))
const happenings = fc.array(happening, { maxLength: 40 })
const options = fc.constantFrom(ONCE, LONG_TERM)

describe('the count', () => {
  test('does not depend on the order in which one hears of what happened', () => {
    fc.assert(
      fc.property(happenings, fc.infiniteStream(fc.nat()), options, (all, order, at) => {
        expect(countOf(shuffle(all, order), at)).toBe(countOf(all, at))
      }),
    )
  })

  test('is never less than none, nor more than what was accepted', () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const accepted = all.filter((one) => one.kind === 'tap' && one.isAccepted).length
        expect(countOf(all)).toBeGreaterThanOrEqual(0)
        expect(countOf(all)).toBeLessThanOrEqual(accepted)
        expect(countOf(all, LONG_TERM)).toBeLessThanOrEqual(Math.min(1, accepted))
      }),
    )
  })
})

describe('what is folded', () => {
  test('leaves the count as it was, whatever the limit', () => {
    fc.assert(
      fc.property(happenings, fc.nat(40), options, (all, limit, at) => {
        const grants = grantsWith(all)
        const folded = foldGrants(grants, limit, at)
        expect(countGrants(folded, at)).toBe(countGrants(grants, at))
        expect(folded.happenings.length).toBeLessThanOrEqual(limit)
      }),
    )
  })

  test('is what is older than two days', () => {
    const grants = grantsWith([told(NOW_MS - 48 * HOUR_MS - 1), told(NOW_MS - 47 * HOUR_MS)])

    expect(foldGrants(grants, 50, ONCE)).toMatchObject({ base: 1, happenings: [told(NOW_MS - 47 * HOUR_MS)] })
  })

  test('takes the second telling of a tap along', () => {
    const grants = grantsWith([pushed(minutesAgo(20)), told(minutesAgo(19)), told(minutesAgo(5))])

    expect(foldGrants(grants, 2, ONCE)).toMatchObject({ base: 1, happenings: [told(minutesAgo(5))] })
  })

  test('is brought back from the future where a clock was off', () => {
    const grants = grantsWith([withdrawal(NOW_MS + 24 * HOUR_MS)])
    const folded = foldGrants(grants, 50, ONCE)
    const later = { ...ONCE, nowMs: NOW_MS + MINUTE_MS }
    const tapped = insertHappening(folded.happenings, told(later.nowMs))

    expect(countGrants({ ...folded, happenings: tapped }, later)).toBe(1)
  })

  test('stays in the future where clocks may differ so much', () => {
    const grants = grantsWith([withdrawal(NOW_MS + 15 * MINUTE_MS)])

    expect(foldGrants(grants, 50, ONCE).happenings).toEqual([withdrawal(NOW_MS + 15 * MINUTE_MS)])
  })
})

describe('a tap in the second of a refusal', () => {
  const SECOND = minutesAgo(60)

  test.each([0, 207, 999])('counts though the refusal was heard %i ms later', (laterMs) => {
    expect(countOf([pushed(SECOND), noneLeft(SECOND + laterMs)])).toBe(1)
  })

  test('counts after the first of both was folded', () => {
    const grants = { templateId: 'tea', base: 0, happenings: [pushed(SECOND), noneLeft(SECOND + 207)] }
    const folded = foldGrants(grants, 1, ONCE)

    expect([folded.base, folded.happenings]).toEqual([1, []])
    expect(countGrants(folded, ONCE)).toBe(1)
  })
})
