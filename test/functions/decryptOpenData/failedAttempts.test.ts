import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import type { Origin } from '../../../shared/function/caller.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { codeOf, createWorld, type World } from '../../support/world.ts'
import { logInKnowing, seal, WRONG } from './knownSession.ts'

describe('failed attempts', () => {
  const fail = (world: World, origin: Origin) => world.call(decryptOpenData, WRONG, origin)

  async function failTenTimes(world: World, origin: Origin): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt++)
      expect(codeOf(await fail(world, origin))).toBe('DECRYPT_FAILED')
  }

  test('are ten in ten minutes: after that even good data is refused', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    await failTenTimes(world, alice)

    const good = world.simulator.phone('alice').userInfo()
    expect(await world.call(decryptOpenData, good, alice)).toMatchObject({
      error: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 600_000 },
    })
    world.clock.advance(599_999)
    expect(codeOf(await fail(world, alice))).toBe('RATE_LIMITED')
    world.clock.advance(1)
    expect(codeOf(await world.call(decryptOpenData, world.simulator.phone('alice').userInfo(), alice))).toBe(
      'OK',
    )
  })

  test('count for their session, on whatever instance, and for no other', async () => {
    const world = await createWorld()
    const [here, there] = [await world.logIn('alice'), await world.logIn('alice')]
    await failTenTimes(world, here)
    world.restart()

    expect(codeOf(await fail(world, here))).toBe('RATE_LIMITED')
    for (const origin of [there, world.wechatUser('alice'), await world.logIn('bob')])
      expect(codeOf(await fail(world, origin))).toBe('DECRYPT_FAILED')
  })

  test('are not forgotten when the user logs in elsewhere', async () => {
    const world = await createWorld()
    const here = await world.logIn('alice')
    await failTenTimes(world, here)
    const there = await world.logIn('alice')

    expect(codeOf(await fail(world, here))).toBe('RATE_LIMITED')
    expect(codeOf(await fail(world, there))).toBe('DECRYPT_FAILED')
  })

  test('of a user for whom the platform vouches begin anew with a login', async () => {
    const world = await createWorld()
    await world.logIn('alice')
    await failTenTimes(world, world.wechatUser('alice'))
    expect(codeOf(await fail(world, world.wechatUser('alice')))).toBe('RATE_LIMITED')

    await world.logIn('alice')
    expect(codeOf(await fail(world, world.wechatUser('alice')))).toBe('DECRYPT_FAILED')
  })

  test('include signed raw data, and do not include data that is only too old', async () => {
    const world = await createWorld()
    const alice = await logInKnowing(world)
    const badRaw = { rawData: '{"nickName":"A"}', signature: '0'.repeat(40) }
    for (let attempt = 0; attempt < 20; attempt++)
      await world.call(decryptOpenData, seal({ openGId: 'x' }, NOW_MS - 400_000), alice)
    for (let attempt = 0; attempt < 10; attempt++)
      expect(codeOf(await world.call(decryptOpenData, badRaw, alice))).toBe('DECRYPT_FAILED')

    expect(codeOf(await world.call(decryptOpenData, badRaw, alice))).toBe('RATE_LIMITED')
  })

  test('of 64 that come together are told to ten and no more', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')

    const codes = await Promise.all(Array.from({ length: 64 }, async () => codeOf(await fail(world, alice))))

    expect(codes.filter((code) => code === 'DECRYPT_FAILED')).toHaveLength(10)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(54)
  })

  test('that cannot be counted are not told at all', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    world.store.refusesWrites = true

    expect(codeOf(await fail(world, alice))).toBe('STATE_UNAVAILABLE')
  })
})
