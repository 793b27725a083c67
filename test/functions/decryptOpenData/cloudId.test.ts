import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import type { OpenDataKind } from '../../../scripts/simulator/openData.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { codeOf, createWorld, dataOf } from '../../support/world.ts'
import { WRONG, watermarkAt } from './knownSession.ts'

const GET_OPEN_DATA = '/wxa/getopendata'

describe('a cloudID', () => {
  test.each<OpenDataKind>([
    'userInfo',
    'phoneNumber',
    'shareInfo',
    'groupEnterInfo',
    'weRunData',
    'privateMessage',
  ])('of %s is exchanged in the name of the caller', async (kind) => {
    const world = await createWorld()
    const input = world.simulator.phone('alice').cloudId(kind)

    expect(dataOf(await world.call(decryptOpenData, input, world.wechatUser('alice')))).toMatchObject({
      kind,
      source: 'cloudID',
      integrity: 'verified',
      issuedAtMs: NOW_MS,
    })
    expect(world.simulator.requests(GET_OPEN_DATA)).toEqual([
      expect.objectContaining({
        query: expect.objectContaining({ openid: world.simulator.phone('alice').openid }),
      }),
    ])
  })

  test('of another user is not to be trusted', async () => {
    const world = await createWorld()
    const input = world.simulator.phone('bob').cloudId('phoneNumber')

    expect(codeOf(await world.call(decryptOpenData, input, world.wechatUser('alice')))).toBe(
      'OPEN_DATA_UNTRUSTED',
    )
  })

  test('that WeChat does not know, or no longer, is not to be trusted', async () => {
    const world = await createWorld()
    const input = world.simulator.phone('alice').cloudId('weRunData')
    world.clock.advance(300_000)

    for (const cloudID of [input.cloudID, '39_unknown'])
      expect(codeOf(await world.call(decryptOpenData, { cloudID }, world.wechatUser('alice')))).toBe(
        'OPEN_DATA_UNTRUSTED',
      )
  })

  const data = { openGId: 'tG1', watermark: watermarkAt(NOW_MS) }

  test('that WeChat resolved in this very call is read as it stands', async () => {
    const world = await createWorld()
    const origin = world.wechatUser('alice', ['cloudID'])

    expect(dataOf(await world.call(decryptOpenData, { cloudID: { cloudID: '39_x', data } }, origin))).toEqual(
      {
        kind: 'shareInfo',
        openData: { openGId: 'tG1' },
        issuedAtMs: NOW_MS,
        source: 'cloudID',
        integrity: 'verified',
      },
    )
    expect(world.simulator.requests()).toEqual([])
  })

  test.each([
    ['that nobody vouches for', { cloudID: '39_x', data }, []],
    ['vouched for under another name', { cloudID: '39_x', data }, ['weRunData', 'data']],
    ['that WeChat refused', { cloudID: '39_x', errCode: -601006, errMsg: 'expired' }, ['cloudID']],
    ['that has both data and an error', { cloudID: '39_x', data, errCode: -601006 }, ['cloudID']],
    ['without data', { cloudID: '39_x' }, ['cloudID']],
    ['with data that is none', { cloudID: '39_x', data: 'x' }, ['cloudID']],
    ['that is empty', {}, ['cloudID']],
  ])('as an object %s is not to be trusted', async (_, cloudID, vouched) => {
    const world = await createWorld()

    expect(await world.call(decryptOpenData, { cloudID }, world.wechatUser('alice', vouched))).toMatchObject({
      error: { code: 'OPEN_DATA_UNTRUSTED', field: 'cloudID' },
    })
    expect(world.simulator.requests()).toEqual([])
  })

  test('as an object over HTTP is not to be trusted: nobody could have vouched for it', async () => {
    const world = await createWorld()
    const input = { cloudID: { cloudID: '39_x', data } }

    expect(codeOf(await world.call(decryptOpenData, input, await world.logIn('alice')))).toBe(
      'OPEN_DATA_UNTRUSTED',
    )
  })

  test.each([
    [
      'another app',
      { ...data, watermark: { appid: 'wx-other', timestamp: NOW_MS / 1000 } },
      'DECRYPT_FAILED',
    ],
    ['another user', { nickName: 'A', openId: 'oSomebody', watermark: data.watermark }, 'DECRYPT_FAILED'],
    ['no kind we know', { watermark: data.watermark }, 'DECRYPT_FAILED'],
    ['long ago', { ...data, watermark: watermarkAt(NOW_MS - 301_000) }, 'OPEN_DATA_STALE'],
  ])('that WeChat resolved is still checked: %s', async (_, resolved, code) => {
    const world = await createWorld()
    const input = { cloudID: { cloudID: '39_x', data: resolved } }

    expect(codeOf(await world.call(decryptOpenData, input, world.wechatUser('alice', ['cloudID'])))).toBe(
      code,
    )
  })
})

test('while the store is down a cloudID can still be read by who needs no session', async () => {
  const world = await createWorld()
  world.store.isDown = true

  const input = world.simulator.phone('alice').cloudId('phoneNumber')
  expect(codeOf(await world.call(decryptOpenData, input, world.wechatUser('alice')))).toBe('OK')
  expect(codeOf(await world.call(decryptOpenData, WRONG, world.wechatUser('alice')))).toBe(
    'STATE_UNAVAILABLE',
  )
})

test('a variable that is malformed is named before WeChat is asked', async () => {
  const world = await createWorld({ environment: { OPEN_DATA_MAX_AGE_SECONDS: 'canary' } })
  const input = world.simulator.phone('alice').cloudId('phoneNumber')

  expect(await world.call(decryptOpenData, input, world.wechatUser('alice'))).toMatchObject({
    error: { code: 'CONFIG_ERROR', message: 'OPEN_DATA_MAX_AGE_SECONDS is malformed.' },
  })
  expect(world.simulator.requests()).toEqual([])
})
