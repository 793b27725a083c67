import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseBase64 } from '../../shared/core/base64.ts'
import {
  decryptOpenData,
  isSelfEvident,
  type ReadOpenData,
  requireFresh,
} from '../../shared/core/decryptOpenData.ts'
import type { OpenDataKind } from '../../shared/core/openData.ts'
import { type Failure, toFailure } from '../../shared/function/reply.ts'
import { problemOf } from '../support/problemOf.ts'
import { officialVector, peerVectors, type Vector } from '../support/vectors.ts'
import {
  APP_ID,
  encrypt,
  IV,
  ivThatBegins,
  OPENID,
  OWNER,
  readEncrypted,
  SESSION_KEY,
  stamped,
  TIMESTAMP,
  WATERMARK,
} from './openDataSamples.ts'

const DECRYPT_FAILED = { code: 'DECRYPT_FAILED' }

type Watermarked = Record<string, unknown> & { watermark: { appid: string; timestamp: number } }

/** Reads a published vector with our own strictness, as the user whom it belongs to. */
function readVector({ inputs }: Vector, { openId, watermark }: Partial<Watermarked>): ReadOpenData {
  const { encryptedData = '', iv = '', sessionKey = '', appId } = inputs
  return decryptOpenData(parseBase64(encryptedData, 'encryptedData'), parseBase64(iv, 'iv'), sessionKey, {
    appId: appId ?? watermark?.appid ?? '',
    openid: String(openId),
  })
}

describe("WeChat's own sample", () => {
  const sample = officialVector('open-data/userinfo-official-demo')
  const { watermark, ...openData } = sample.expected.json as Watermarked
  const ciphertext = Buffer.from(sample.inputs.encryptedData ?? '', 'base64')
  const iv = Buffer.from(sample.inputs.iv ?? '', 'base64')
  const owner = { appId: watermark.appid, openid: String(openData.openId) }
  const read = (data: Buffer, withIv: Buffer) =>
    decryptOpenData(data, withIv, sample.inputs.sessionKey ?? '', owner)

  test('is read as WeChat says', () => {
    expect(read(ciphertext, iv)).toEqual({
      kind: 'userInfo',
      openData,
      issuedAtMs: watermark.timestamp * 1000,
    })
  })

  const bits = (bytes: Buffer) =>
    Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const edited = Buffer.from(bytes)
      edited[bit >> 3] = (edited[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return edited
    })

  test('is refused under an iv with any one bit changed', () => {
    expect(bits(iv).map((edited) => problemOf(() => read(ciphertext, edited)))).toEqual(
      bits(iv).map(() => DECRYPT_FAILED),
    )
  })

  test('is refused, or says the same, with any one bit of the data changed', () => {
    const told = bits(ciphertext).flatMap((edited) => {
      try {
        return [read(edited, iv).openData]
      } catch (thrown) {
        expect(thrown).toMatchObject(DECRYPT_FAILED)
        return []
      }
    })

    for (const said of told) expect(said).toEqual(openData)
    expect(told.length).toBeLessThan(8)
  })

  test('is refused with any block left out, doubled, or swapped with the next', () => {
    const blocks = Array.from({ length: ciphertext.length / 16 }, (_, at) =>
      ciphertext.subarray(at * 16, at * 16 + 16),
    )
    const edits = blocks.flatMap((block, at) => [
      blocks.toSpliced(at, 1),
      blocks.toSpliced(at, 0, block),
      ...(at > 0 ? [blocks.toSpliced(at - 1, 2, block, blocks[at - 1] ?? block)] : []),
    ])

    for (const edit of edits) expect(problemOf(() => read(Buffer.concat(edit), iv))).toEqual(DECRYPT_FAILED)
  })

  test.each([
    ['another app', { ...owner, appId: 'wx0000000000000000' }],
    ['another user', { ...owner, openid: 'oAnotherUserAnotherUserAnoth' }],
    ['another person of the same account', { ...owner, unionid: 'oAnotherUnionidAnotherUnioni' }],
    ['another kind', { ...owner, kind: 'phoneNumber' as const }],
  ])('is refused for %s', (_, expected) => {
    expect(
      problemOf(() => decryptOpenData(ciphertext, iv, sample.inputs.sessionKey ?? '', expected)),
    ).toEqual(DECRYPT_FAILED)
  })
})

describe('what other libraries are tested with', () => {
  const vectors = peerVectors('open-data/').filter(({ inputs }) => inputs.encryptedData)
  const jsonOf = ({ data, plaintext }: Vector['expected']) =>
    (data ?? JSON.parse(String(plaintext ?? '{}'))) as Partial<Watermarked>
  const isCanonical = ({ inputs }: Vector) =>
    !problemOf(() => parseBase64(inputs.encryptedData ?? '', 'encryptedData'))

  test.each(vectors.filter((vector) => vector.expected.ok === true && isCanonical(vector)))(
    '$name is read',
    (vector) => {
      const { watermark, ...openData } = jsonOf(vector.expected)

      expect(readVector(vector, jsonOf(vector.expected))).toMatchObject({
        openData,
        issuedAtMs: (watermark?.timestamp ?? 0) * 1000,
      })
    },
  )

  test.each(vectors.filter((vector) => vector.expected.ok !== true || !isCanonical(vector)))(
    '$name is refused: we take canonical base64 of genuine data only',
    (vector) => {
      // Lengths are the function's to check, so a wrong one is no problem of ours here but still no data.
      expect(() => readVector(vector, jsonOf(vector.expected))).toThrow()
    },
  )
})

describe('open data of each kind', () => {
  test.each<[OpenDataKind, object]>([
    ['userInfo', { openId: OPENID, nickName: '张三 😀', gender: 0, avatarUrl: '' }],
    ['userInfo', { nickName: '' }],
    ['phoneNumber', { phoneNumber: '+85260000000', purePhoneNumber: '60000000', countryCode: '852' }],
    ['shareInfo', { openGId: 'tG1' }],
    ['groupEnterInfo', { opengid: 'tG1', chat_type: 3 }],
    ['groupEnterInfo', { open_single_roomid: 'r1' }],
    ['groupEnterInfo', { group_openid: 'g1' }],
    ['weRunData', { stepInfoList: [{ timestamp: 1, step: 0 }] }],
    ['weRunData', { stepInfoList: [] }],
    ['privateMessage', { activityId: 'a1' }],
  ])('%s is recognised by its fields and read: %j', (kind, openData) => {
    const expected = { kind, openData, issuedAtMs: TIMESTAMP * 1000 }

    expect(readEncrypted(stamped(openData))).toEqual(expected)
    expect(readEncrypted(stamped(openData), { kind })).toEqual(expected)
  })

  test.each<[OpenDataKind, object, object]>([
    ['shareInfo', { opengid: 'tG1' }, { openGId: 'tG1' }],
    ['groupEnterInfo', { openGId: 'tG1' }, { opengid: 'tG1' }],
    ['privateMessage', { activityid: 'a1' }, { activityId: 'a1' }],
    ['privateMessage', { activity_id: 'a1' }, { activityId: 'a1' }],
    ['privateMessage', { ActivityId: 'a1' }, { activityId: 'a1' }],
  ])('%s is read in the other spelling %j', (kind, sent, openData) => {
    expect(readEncrypted(stamped(sent), { kind }).openData).toEqual(openData)
  })

  test('a country code that came as a number is told as text', () => {
    const sent = { phoneNumber: '1', purePhoneNumber: '1', countryCode: 86 }

    expect(readEncrypted(stamped(sent)).openData).toMatchObject({ countryCode: '86' })
  })

  test('steps are told in the order of their days', () => {
    const sent = { stepInfoList: [30, 10, 20].map((timestamp) => ({ timestamp, step: timestamp })) }

    expect(readEncrypted(stamped(sent)).openData).toEqual({
      stepInfoList: [10, 20, 30].map((timestamp) => ({ timestamp, step: timestamp })),
    })
  })

  test('fields that WeChat adds are dropped until they are named', () => {
    const sent = { openGId: 'tG1', added: { later: true }, session_key: 'canary' }

    expect(readEncrypted(stamped(sent)).openData).toEqual({ openGId: 'tG1' })
  })

  test.each<[OpenDataKind, object]>([
    ['userInfo', { openId: OPENID }],
    ['userInfo', { nickName: 1 }],
    ['userInfo', { nickName: 'A', gender: '1' }],
    ['userInfo', { nickName: 'A', gender: 0.5 }],
    ['userInfo', { nickName: 'A', city: null }],
    ['userInfo', { nickName: 'A', openId: 1 }],
    ['phoneNumber', { phoneNumber: '1', purePhoneNumber: '1' }],
    ['phoneNumber', { phoneNumber: 13_800_000_000, purePhoneNumber: '1', countryCode: '86' }],
    ['phoneNumber', { phoneNumber: '1', purePhoneNumber: '1', countryCode: ['86'] }],
    ['shareInfo', {}],
    ['shareInfo', { openGId: { $ne: '' } }],
    ['groupEnterInfo', { chat_type: 3 }],
    ['groupEnterInfo', { opengid: 'tG1', chat_type: '3' }],
    ['weRunData', { stepInfoList: {} }],
    ['weRunData', { stepInfoList: [{ timestamp: 1 }] }],
    ['weRunData', { stepInfoList: [{ timestamp: '1', step: 1 }] }],
    ['weRunData', { stepInfoList: [null] }],
    ['privateMessage', { activityId: ['a1'] }],
  ])('%s is refused when a field is missing or mistyped: %j', (kind, openData) => {
    expect(problemOf(() => readEncrypted(stamped(openData), { kind }))).toEqual(DECRYPT_FAILED)
  })

  test.each(Object.getOwnPropertyNames(Object.prototype))('a field is never inherited: %s', (name) => {
    expect(problemOf(() => readEncrypted(`{"${name}":{"openGId":"x"},"watermark":{}}`))).toEqual(
      DECRYPT_FAILED,
    )
  })
})

describe('who edits the iv rewrites the first block, and', () => {
  /** What is read of a ciphertext whose first 16 bytes of plaintext were replaced. */
  const readRewritten = (plaintext: string, firstBlock: string, kind?: OpenDataKind) =>
    decryptOpenData(encrypt(plaintext), ivThatBegins(plaintext, firstBlock), SESSION_KEY, { ...OWNER, kind })

  const userInfo = stamped({ openId: OPENID, nickName: 'Band', city: 'Guangzhou' })
  const phoneNumber = stamped({
    phoneNumber: '13580006666',
    purePhoneNumber: '13580006666',
    countryCode: '86',
  })

  test.each([
    ['takes another openid', userInfo, '{"openId":"oAAAA'],
    ['renames the openid to nothing known', userInfo, '{"openXd":"oGZUI'],
    ['doubles the nickname', userInfo, '{"nickName":"aUI'],
    ['doubles the city', userInfo, '{"city":"aaaaaUI'],
    ['doubles the city in an escaped spelling', userInfo, '{"\\u0063ity":"UI'],
    ['ends the object early', userInfo, '{"nickName":"A"}'],
    ['leaves an unknown field before a known one', userInfo, '{"a":1,"city":"U'],
    ['doubles the country code', phoneNumber, '{"countryCode":"'],
    ['renames the phone number', phoneNumber, '{"phoneNumbex":"'],
    ['begins an array', phoneNumber, '["phoneNumber" "'],
    ['begins another watermark', phoneNumber, '{"watermark"  :"'],
  ])('is refused who %s', (_, plaintext, firstBlock) => {
    expect(problemOf(() => readRewritten(plaintext, firstBlock))).toEqual(DECRYPT_FAILED)
  })

  test.each<[OpenDataKind, string]>([
    ['userInfo', '{"nickName":"aaa'],
    ['shareInfo', '{"openGId":"aaaa'],
    ['privateMessage', '{"activityId":"a'],
  ])('can make a phone number look like %s, which is then not taken for granted', (kind, firstBlock) => {
    const data = readRewritten(phoneNumber, firstBlock)

    expect(data.kind).toBe(kind)
    expect(isSelfEvident(data)).toBe(false)
    expect(problemOf(() => readRewritten(phoneNumber, firstBlock, 'phoneNumber'))).toEqual(DECRYPT_FAILED)
  })

  test('can rename the openid to a unionid, which is then not taken for granted', () => {
    const data = readRewritten(userInfo, '{"unionId":"aZUI')

    expect(data.openData).toMatchObject({ unionId: `aZUI${OPENID.slice(5)}` })
    expect(isSelfEvident(data)).toBe(false)
  })

  test('can change the value of a group, which is never taken for granted', () => {
    const data = readRewritten(stamped({ openGId: 'tGRPtGRPtGRP' }), '{"openGId":"aaaa')

    expect(data.openData).toEqual({ openGId: 'aaaatGRPtGRP' })
    expect(isSelfEvident(data)).toBe(false)
  })

  test('is not mistaken for a user whose nickname looks like a field', () => {
    const nickName = '","openId":"x", "city": {"watermark" : 1} \\'

    expect(readEncrypted(stamped({ openId: OPENID, nickName })).openData).toMatchObject({ nickName })
  })
})

test('a decryption proves itself for phone numbers, steps and users that name their owner', () => {
  const samples: [object, boolean][] = [
    [{ phoneNumber: '1', purePhoneNumber: '1', countryCode: '86' }, true],
    [{ stepInfoList: [] }, true],
    [{ openId: OPENID, nickName: 'A' }, true],
    [{ nickName: 'A' }, false],
    [{ openGId: 'tG1' }, false],
    [{ opengid: 'tG1' }, false],
    [{ activityId: 'a1' }, false],
  ]
  for (const [openData, isProven] of samples)
    expect(isSelfEvident(readEncrypted(stamped(openData))), JSON.stringify(openData)).toBe(isProven)
})

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
