import { describe, expect, test } from 'vitest'
import { decryptOpenData, isSelfEvident } from '../../../shared/core/decryptOpenData.ts'
import type { OpenDataKind } from '../../../shared/core/openData.ts'
import { problemOf } from '../../support/problemOf.ts'
import {
  DECRYPT_FAILED,
  encrypt,
  ivThatBegins,
  OPENID,
  OWNER,
  readEncrypted,
  SESSION_KEY,
  stamped,
} from './samples.ts'

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
