import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import logout from '../../../functions/logout/index.ts'
import { codeOf, createWorld, NOBODY } from '../../support/world.ts'
import { WRONG } from './knownSession.ts'

describe('the session key', () => {
  test('is that of a login: without one there is nothing to decrypt with', async () => {
    const world = await createWorld()

    expect(codeOf(await world.call(decryptOpenData, WRONG))).toBe('UNAUTHENTICATED')
    expect(codeOf(await world.call(decryptOpenData, WRONG, world.wechatUser('alice')))).toBe(
      'SESSION_EXPIRED',
    )
  })

  test('is refused with its session once that has run out', async () => {
    const world = await createWorld({
      environment: { SESSION_TTL_SECONDS: '60', OPEN_DATA_MAX_AGE_SECONDS: '3600' },
    })
    const alice = await world.logIn('alice')
    const input = world.simulator.phone('alice').shareInfo()
    world.clock.advance(60_000)

    for (const origin of [alice, world.wechatUser('alice')])
      expect(codeOf(await world.call(decryptOpenData, input, origin))).toBe('SESSION_EXPIRED')
  })

  test('of before a parallel login is honoured for five minutes', async () => {
    const world = await createWorld({ environment: { OPEN_DATA_MAX_AGE_SECONDS: '3600' } })
    const alice = await world.logIn('alice')
    const sealedBefore = world.simulator.phone('alice').userInfo()
    await world.logIn('alice')
    const sealedAfter = world.simulator.phone('alice').userInfo()
    const codes = async () =>
      Promise.all(
        [sealedBefore, sealedAfter].map(async (input) =>
          codeOf(await world.call(decryptOpenData, input, alice)),
        ),
      )

    world.clock.advance(299_999)
    expect(await codes()).toEqual(['OK', 'OK'])
    world.clock.advance(1)
    expect(await codes()).toEqual(['DECRYPT_FAILED', 'OK'])
  })

  test('that WeChat kept over a parallel login does not end after five minutes', async () => {
    const world = await createWorld({ environment: { OPEN_DATA_MAX_AGE_SECONDS: '3600' } })
    world.simulator.keepSessionKeys()
    const alice = await world.logIn('alice')
    await world.logIn('alice')
    world.clock.advance(600_000)

    expect(codeOf(await world.call(decryptOpenData, world.simulator.phone('alice').shareInfo(), alice))).toBe(
      'OK',
    )
  })

  test('of before is still honoured after one more login that keeps the new one', async () => {
    const world = await createWorld()
    await world.logIn('alice')
    const sealedBefore = world.simulator.phone('alice').shareInfo()
    await world.logIn('alice')
    world.simulator.keepSessionKeys()

    expect(codeOf(await world.call(decryptOpenData, sealedBefore, await world.logIn('alice')))).toBe('OK')
  })

  test('of a session that ran out is not honoured after the next login', async () => {
    const world = await createWorld({
      environment: { SESSION_TTL_SECONDS: '60', OPEN_DATA_MAX_AGE_SECONDS: '3600' },
    })
    await world.logIn('alice')
    const sealedBefore = world.simulator.phone('alice').shareInfo()
    world.clock.advance(60_000)

    expect(codeOf(await world.call(decryptOpenData, sealedBefore, await world.logIn('alice')))).toBe(
      'DECRYPT_FAILED',
    )
  })
})

test('nobody is told anything of a logged-out session', async () => {
  const world = await createWorld()
  const alice = await world.logIn('alice')
  const input = world.simulator.phone('alice').userInfo()
  await world.call(logout, {}, alice)

  for (const origin of [alice, NOBODY])
    expect(codeOf(await world.call(decryptOpenData, input, origin))).toBe('UNAUTHENTICATED')
})
