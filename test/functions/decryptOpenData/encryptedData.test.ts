import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import type { OpenDataKind } from '../../../scripts/simulator/openData.ts'
import { encryptOpenData } from '../../../scripts/simulator/sessionCrypto.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { codeOf, createWorld, dataOf, type World } from '../../support/world.ts'
import { logInKnowing, SESSION_KEY, seal, sign, watermarkAt } from './knownSession.ts'

describe('encrypted data', () => {
  const KINDS: [OpenDataKind, (phone: ReturnType<World['simulator']['phone']>) => object, string][] = [
    ['userInfo', (phone) => phone.userInfo(), 'verified'],
    ['phoneNumber', (phone) => phone.encryptedPhoneNumber(), 'verified'],
    ['weRunData', (phone) => phone.weRunData(), 'verified'],
    ['shareInfo', (phone) => phone.shareInfo(), 'unverified'],
    ['groupEnterInfo', (phone) => phone.groupEnterInfo(), 'unverified'],
    ['privateMessage', (phone) => phone.privateMessage(), 'unverified'],
  ]

  test.each(KINDS)(
    'of the kind %s is read and, as it proves itself or not, told to be so',
    async (kind, ask, integrity) => {
      const world = await createWorld()
      const alice = await world.logIn('alice')
      const input = ask(world.simulator.phone('alice'))

      const expected = { kind, source: 'encryptedData', integrity, issuedAtMs: NOW_MS }
      expect(dataOf(await world.call(decryptOpenData, input, alice))).toMatchObject(expected)
      expect(dataOf(await world.call(decryptOpenData, { ...input, kind }, alice))).toMatchObject(expected)
      expect(dataOf(await world.call(decryptOpenData, input, world.wechatUser('alice')))).toMatchObject(
        expected,
      )
    },
  )

  test('of the user holds what WeChat says of them, and nothing of the watermark', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const { openid, unionid, userInfo } = world.simulator.phone('alice')

    const { openData } = dataOf(await world.call(decryptOpenData, userInfo(), alice))

    expect(openData).toMatchObject({ openId: openid, unionId: unionid, nickName: 'alice' })
    expect(openData).not.toHaveProperty('watermark')
  })

  test('that says the same as its signed raw data is verified by it', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const profile = world.simulator.phone('alice').userInfo({ profile: true })
    const { encryptedData, iv } = profile

    expect(dataOf(await world.call(decryptOpenData, profile, alice)).integrity).toBe('verified')
    expect(dataOf(await world.call(decryptOpenData, { encryptedData, iv }, alice)).integrity).toBe(
      'unverified',
    )
  })

  test('that says more than its signed raw data is not verified by it: a field may have been renamed', async () => {
    const world = await createWorld()
    const alice = await logInKnowing(world)
    const genuine = seal({ openId: world.simulator.phone('alice').openid, nickName: 'A' })
    const iv = Buffer.from(genuine.iv, 'base64')
    const known = Buffer.from('{"openId":"')
    const wanted = Buffer.from('{"city"  :"')
    for (const [at, byte] of wanted.entries()) iv[at] = (iv[at] ?? 0) ^ byte ^ (known[at] ?? 0)
    const edited = { ...genuine, iv: iv.toString('base64'), ...sign('{"nickName":"A"}') }

    const { openData, integrity } = dataOf(await world.call(decryptOpenData, edited, alice))

    expect(openData).toEqual({ nickName: 'A', city: world.simulator.phone('alice').openid })
    expect(integrity).toBe('unverified')
  })

  test('that says something else than its signed raw data is refused', async () => {
    const world = await createWorld()
    const alice = await logInKnowing(world)
    const input = { ...seal({ nickName: 'A' }), ...sign('{"nickName":"B"}') }

    expect(codeOf(await world.call(decryptOpenData, input, alice))).toBe('DECRYPT_FAILED')
  })

  test.each([
    ['as old as allowed', 300_000, 'OK'],
    ['older', 301_000, 'OPEN_DATA_STALE'],
    ['a minute ahead of our clock', -60_000, 'OK'],
    ['further ahead', -61_000, 'OPEN_DATA_STALE'],
  ])('that is %s: %d ms', async (_, ageMs, code) => {
    const world = await createWorld()
    const alice = await logInKnowing(world)

    expect(codeOf(await world.call(decryptOpenData, seal({ openGId: 'x' }, NOW_MS - ageMs), alice))).toBe(
      code,
    )
  })

  test('may be older where that is configured', async () => {
    const world = await createWorld({ environment: { OPEN_DATA_MAX_AGE_SECONDS: '3600' } })
    const alice = await logInKnowing(world)

    expect(codeOf(await world.call(decryptOpenData, seal({ openGId: 'x' }, NOW_MS - 3_600_000), alice))).toBe(
      'OK',
    )
  })

  test.each([
    ['of another app', { openGId: 'x', watermark: { appid: 'wx-other', timestamp: NOW_MS / 1000 } }],
    ['of another user', { openId: 'oSomebody', nickName: 'A', watermark: watermarkAt(NOW_MS) }],
    ['of another unionid', { nickName: 'A', unionId: 'uSomebody', watermark: watermarkAt(NOW_MS) }],
  ])('%s is refused', async (_, plaintext) => {
    const world = await createWorld()
    const alice = await logInKnowing(world, 'uAlice')
    const input = encryptOpenData(JSON.stringify(plaintext), SESSION_KEY)

    expect(codeOf(await world.call(decryptOpenData, input, alice))).toBe('DECRYPT_FAILED')
  })

  test("sealed with another user's key is refused", async () => {
    const world = await createWorld()
    const [alice] = [await world.logIn('alice'), await world.logIn('bob')]

    expect(codeOf(await world.call(decryptOpenData, world.simulator.phone('bob').shareInfo(), alice))).toBe(
      'DECRYPT_FAILED',
    )
  })

  test('of another kind than asked for is refused', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const input = { ...world.simulator.phone('alice').shareInfo(), kind: 'phoneNumber' }

    expect(codeOf(await world.call(decryptOpenData, input, alice))).toBe('DECRYPT_FAILED')
  })
})
