import { describe, expect, test } from 'vitest'
import { Problem } from '../../shared/core/problem.ts'
import {
  EMPTY_RECORD,
  fetchEndsAtMs,
  nextStep,
  type SharedToken,
  type TokenRecord,
  toSharedToken,
  withFailure,
  withLease,
  withoutToken,
  withSuspicion,
  withToken,
} from '../../shared/wechat/tokenRecord.ts'
import { NOW_MS } from '../support/testClock.ts'

const TOKEN: SharedToken = {
  value: 'a',
  fence: 7,
  renewAtMs: NOW_MS + 3_540_000,
  expiresAtMs: NOW_MS + 3_600_000,
}
const RECORD: TokenRecord = { fence: 7, failures: 0, token: TOKEN }
const HELD: TokenRecord = { ...EMPTY_RECORD, hold: { untilMs: NOW_MS + 30_000 } }

const leasedUntil = (untilMs: number, record = EMPTY_RECORD): TokenRecord => ({
  ...record,
  lease: { untilMs, holder: 'another' },
})
const stepAt = (record: TokenRecord, nowMs = NOW_MS, minimumLifeMs = 0) =>
  nextStep(record, nowMs, { minimumLifeMs, holder: 'us' }).kind

describe('an instance in need of a token', () => {
  test.each<[string, TokenRecord, number, number, string]>([
    ['fetches when nothing is known', EMPTY_RECORD, NOW_MS, 0, 'fetch'],
    ['takes the one there is', RECORD, NOW_MS, 0, 'serve'],
    ['takes it until the moment of renewal', RECORD, TOKEN.renewAtMs - 1, 0, 'serve'],
    ['renews it from that moment on', RECORD, TOKEN.renewAtMs, 0, 'fetch'],
    ['renews one that lives no longer than asked for', RECORD, NOW_MS, 3_600_000, 'fetch'],
    ['takes one that lives longer than asked for', RECORD, NOW_MS, 3_599_999, 'serve'],
    ['never takes one that is over', RECORD, TOKEN.expiresAtMs, 0, 'fetch'],
    ['renews one that is suspect', { ...RECORD, suspectFence: 7 }, NOW_MS, 0, 'fetch'],
    ['waits while another one fetches', leasedUntil(NOW_MS + 1), NOW_MS, 0, 'wait'],
    ['fetches when the lease is over', leasedUntil(NOW_MS), NOW_MS, 0, 'fetch'],
    ['waits for a holder whose clock is seconds ahead', leasedUntil(NOW_MS + 30_000), NOW_MS, 0, 'wait'],
    [
      'goes on with a lease of its own',
      { ...HELD, lease: { untilMs: NOW_MS + 2501, holder: 'us' } },
      NOW_MS,
      0,
      'fetch',
    ],
    ['does not go on with one that leaves no time to fetch', leasedUntil(NOW_MS + 2500), NOW_MS, 0, 'wait'],
    ['ignores a lease of a clock that is off', leasedUntil(NOW_MS + 30_001), NOW_MS, 0, 'fetch'],
    [
      'takes a due token while another one renews',
      leasedUntil(TOKEN.renewAtMs + 9, RECORD),
      TOKEN.renewAtMs,
      0,
      'serve',
    ],
    [
      'does not take one that is over even then',
      leasedUntil(TOKEN.expiresAtMs + 9, RECORD),
      TOKEN.expiresAtMs,
      0,
      'wait',
    ],
    ['keeps a pause', HELD, NOW_MS, 0, 'refuse'],
    ['probes when the pause is over', HELD, NOW_MS + 30_000, 0, 'fetch'],
    [
      'ignores a pause of a clock that is off',
      { ...EMPTY_RECORD, hold: { untilMs: NOW_MS + 120_001 } },
      NOW_MS,
      0,
      'fetch',
    ],
    [
      'takes a token that is not due during a pause',
      { ...RECORD, ...HELD, token: TOKEN },
      NOW_MS,
      0,
      'serve',
    ],
  ])('%s', (_, record, nowMs, minimumLifeMs, step) => {
    expect(stepAt(record, nowMs, minimumLifeMs)).toBe(step)
  })
})

describe('a lease', () => {
  test('has a greater fence than every one before', () => {
    const first = withLease(EMPTY_RECORD, NOW_MS, 'us')
    const second = withLease(first, NOW_MS, 'us')
    const byASlowClock = withLease(second, NOW_MS - 600_000, 'us')

    expect(second.fence).toBeGreaterThan(first.fence)
    expect(byASlowClock.fence).toBeGreaterThan(second.fence)
  })

  test('has a greater fence even when the record was lost', () => {
    expect(withLease(EMPTY_RECORD, NOW_MS + 1, 'us').fence).toBeGreaterThan(
      withLease(EMPTY_RECORD, NOW_MS, 'us').fence,
    )
  })

  test('lasts longer than its fetch may, by the time that the store may take', () => {
    const { lease, ...record } = withLease(EMPTY_RECORD, NOW_MS, 'us')

    expect(lease?.untilMs).toBe(NOW_MS + 8000)
    expect(fetchEndsAtMs({ ...record, ...(lease && { lease }) })).toBe(NOW_MS + 5500)
  })

  test('after a pause makes the others pause on', () => {
    const probing = withLease(HELD, NOW_MS + 30_000, 'us')

    expect(stepAt(probing, NOW_MS + 59_999)).toBe('refuse')
  })

  test('keeps the token that there is', () => {
    expect(withLease(RECORD, NOW_MS, 'us').token).toEqual(TOKEN)
  })
})

describe('a fetched token', () => {
  test('ends so long after it was asked for as WeChat says, and is renewed a minute before', () => {
    expect(toSharedToken({ token: 'a', lifeSeconds: 7200 }, 7, NOW_MS)).toEqual({
      value: 'a',
      fence: 7,
      renewAtMs: NOW_MS + 7_140_000,
      expiresAtMs: NOW_MS + 7_200_000,
    })
  })

  test('of a short life is renewed in its last tenth', () => {
    expect(toSharedToken({ token: 'a', lifeSeconds: 100 }, 7, NOW_MS).renewAtMs).toBe(NOW_MS + 90_000)
  })

  test('ends lease, failures and pause', () => {
    const trouble = withLease({ ...HELD, failures: 5 }, NOW_MS, 'us')

    expect(withToken(trouble, TOKEN)).toEqual({ fence: trouble.fence, failures: 0, token: TOKEN })
  })

  test('stays suspect when it was found so while it was fetched', () => {
    expect(withToken(withSuspicion(RECORD), TOKEN)).toMatchObject({ suspectFence: 7 })
  })
})

describe('a suspect token', () => {
  test('is above suspicion once a later lease has brought another', () => {
    const leased = withLease(withSuspicion(RECORD), NOW_MS, 'us')

    expect(withToken(leased, { ...TOKEN, fence: leased.fence })).not.toHaveProperty('suspectFence')
  })

  test('stays suspect while it is renewed, and when that fails', () => {
    const leased = withLease(withSuspicion(RECORD), NOW_MS, 'us')

    expect(leased.suspectFence).toBe(7)
    expect(withFailure(leased, new Problem('RATE_LIMITED'), NOW_MS).suspectFence).toBe(7)
  })
})

describe('a failed fetch', () => {
  const failed = (record: TokenRecord) => withFailure(record, new Problem('UPSTREAM_TIMEOUT'), NOW_MS)

  test('ends the lease and keeps the token', () => {
    expect(failed(leasedUntil(NOW_MS + 1, RECORD))).toEqual({ ...RECORD, failures: 1 })
  })

  test('is followed by a pause when it is the third in a row', () => {
    expect(failed({ ...EMPTY_RECORD, failures: 1 }).hold).toBeUndefined()
    expect(failed({ ...EMPTY_RECORD, failures: 2 }).hold).toEqual({ untilMs: NOW_MS + 30_000 })
  })

  test('for a variable that this function lacks is nobody else’s concern', () => {
    const thrown = new Problem('CONFIG_ERROR', { message: 'WECHAT_APP_SECRET is missing' })

    expect(withFailure(leasedUntil(NOW_MS + 1), thrown, NOW_MS)).toEqual(EMPTY_RECORD)
  })
})

describe('a refused token', () => {
  const refusedAt = (atMs: number): TokenRecord => ({ ...RECORD, refused: { value: 'a', atMs, inRow: 1 } })

  test('is taken out of the record', () => {
    expect(withoutToken(RECORD, TOKEN, NOW_MS)).toEqual({
      fence: 7,
      failures: 0,
      refused: { value: 'a', atMs: NOW_MS, inRow: 1 },
    })
  })

  test.each<[string, TokenRecord, { value: string; fence: number }, number]>([
    ['another value stands there', RECORD, { value: 'b', fence: 7 }, NOW_MS],
    ['none stands there', EMPTY_RECORD, TOKEN, NOW_MS],
    ['WeChat handed it out again within the second', refusedAt(NOW_MS - 999), TOKEN, NOW_MS],
    [
      'WeChat handed it out again after this request had gone out',
      refusedAt(NOW_MS - 4999),
      { value: 'a', fence: 6 },
      NOW_MS,
    ],
  ])('changes nothing when %s', (_, record, token, nowMs) => {
    expect(withoutToken(record, token, nowMs)).toBeUndefined()
  })

  test.each<[string, TokenRecord, { value: string; fence: number }]>([
    ['a second', refusedAt(NOW_MS - 1000), TOKEN],
    ['five seconds, from before', refusedAt(NOW_MS - 5000), { value: 'a', fence: 6 }],
  ])('that was handed out again is dropped once more after %s', (_, record, token) => {
    expect(withoutToken(record, token, NOW_MS)).not.toHaveProperty('token')
  })
})
