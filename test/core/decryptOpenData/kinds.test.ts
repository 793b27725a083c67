import { describe, expect, test } from 'vitest'
import { isSelfEvident } from '../../../shared/core/decryptOpenData.ts'
import type { OpenDataKind } from '../../../shared/core/openData.ts'
import { problemOf } from '../../support/problemOf.ts'
import { DECRYPT_FAILED, OPENID, readEncrypted, stamped, TIMESTAMP } from './samples.ts'

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
