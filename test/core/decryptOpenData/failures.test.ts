import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decryptOpenData, requireFresh } from '../../../shared/core/decryptOpenData.ts'
import { type Failure, toFailure } from '../../../shared/function/reply.ts'
import { problemOf } from '../../support/problemOf.ts'
import {
  APP_ID,
  encrypt,
  IV,
  OWNER,
  readEncrypted,
  SESSION_KEY,
  stamped,
  TIMESTAMP,
  WATERMARK,
} from './samples.ts'

describe('every failure', () => {
  const openGId = { openGId: 'tG1' }

  /** A whole number of blocks, encrypted without a padding. */
  function encryptUnpadded(plaintext: string | Buffer): Buffer {
    const cipher = createCipheriv('aes-128-cbc', Buffer.from(SESSION_KEY, 'base64'), IV).setAutoPadding(false)
    return Buffer.concat([cipher.update(Buffer.from(plaintext)), cipher.final()])
  }
  const toBlocks = (text: string) => text.padEnd(Math.ceil(text.length / 16) * 16)

  const failures: [string, () => unknown][] = [
    ['a wrong key', () => decryptOpenData(encrypt(stamped(openGId)), IV, 'AAAAAAAAAAAAAAAAAAAAAA==', OWNER)],
    ['random bytes', () => decryptOpenData(Buffer.alloc(64, 7), IV, SESSION_KEY, OWNER)],
    [
      'no padding after the JSON',
      () => decryptOpenData(encryptUnpadded(toBlocks(stamped(openGId))), IV, SESSION_KEY, OWNER),
    ],
    ['no UTF-8', () => decryptOpenData(encryptUnpadded(Buffer.alloc(32, 0xff)), IV, SESSION_KEY, OWNER)],
    ['a byte order mark', () => readEncrypted(`\ufeff${stamped(openGId)}`)],
    ['no JSON', () => readEncrypted('openGId=tG1&appid=wx')],
    ['text after the JSON', () => readEncrypted(`${stamped(openGId)}{}`)],
    ['a JSON array', () => readEncrypted(`[${stamped(openGId)}]`)],
    ['JSON null', () => readEncrypted('null')],
    ['a JSON text', () => readEncrypted('"openGId is a text"')],
    ['no known field', () => readEncrypted(stamped({ anything: 'else' }))],
    [
      'a field twice',
      () => readEncrypted(`{"openGId":"a","openGId":"b","watermark":${JSON.stringify(WATERMARK)}}`),
    ],
    ['no watermark', () => readEncrypted(JSON.stringify(openGId))],
    ['a watermark of null', () => readEncrypted(stamped(openGId, null))],
    ['a watermark of text', () => readEncrypted(stamped(openGId, APP_ID))],
    ['a watermark without its app', () => readEncrypted(stamped(openGId, { timestamp: TIMESTAMP }))],
    ['a watermark without its time', () => readEncrypted(stamped(openGId, { appid: APP_ID }))],
    ['a time as text', () => readEncrypted(stamped(openGId, { ...WATERMARK, timestamp: `${TIMESTAMP}` }))],
    ['a time with a fraction', () => readEncrypted(stamped(openGId, { ...WATERMARK, timestamp: 1.5 }))],
    ['another app', () => readEncrypted(stamped(openGId, { ...WATERMARK, appid: 'wx1' }))],
    ['another user', () => readEncrypted(stamped({ openId: 'oOther', nickName: 'A' }))],
  ]

  function failureOf(work: () => unknown): Failure | undefined {
    try {
      work()
      return undefined
    } catch (thrown) {
      return toFailure(thrown, 'request-1')
    }
  }

  test.each(failures)('is DECRYPT_FAILED: %s', (_, work) => {
    expect(failureOf(work)).toMatchObject({ error: { code: 'DECRYPT_FAILED' } })
  })

  test('looks the same as every other', () => {
    const shapes = new Set(failures.map(([, work]) => JSON.stringify(failureOf(work))))

    expect(shapes.size).toBe(1)
    expect(Object.keys(JSON.parse([...shapes].join()).error)).toEqual([
      'code',
      'message',
      'retryable',
      'requestId',
    ])
  })
})

describe('open data is of this moment', () => {
  const NOW_MS = TIMESTAMP * 1000

  test.each([
    ['just now', 0],
    ['as old as allowed', 300_000],
    ['as far ahead as clocks may differ', -60_000],
  ])('when it was issued %s', (_, ageMs) => {
    expect(problemOf(() => requireFresh(NOW_MS - ageMs, NOW_MS, 300))).toBeUndefined()
  })

  test.each([
    ['a millisecond longer ago than allowed', 300_001, 'too old'],
    ['years ago', 1e11, 'too old'],
    ['further ahead than clocks may differ', -60_001, 'from the future'],
  ])('and not when it was issued %s', (_, ageMs, reason) => {
    expect(problemOf(() => requireFresh(NOW_MS - ageMs, NOW_MS, 300))).toEqual({
      code: 'OPEN_DATA_STALE',
      reason,
    })
  })
})
