import { describe, expect, test } from 'vitest'
import decryptOpenData from '../../../functions/decryptOpenData/index.ts'
import { decryptAes128Cbc } from '../../../shared/core/aesCbc.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { codeOf, createWorld, type World } from '../../support/world.ts'
import { logInKnowing, SESSION_KEY, seal, WRONG } from './knownSession.ts'

const ONE_TIME = { environment: { OPEN_DATA_ONE_TIME: 'true' } }

/** The same data without its first block, and with an iv that makes the rest begin as the whole did. */
function withoutFirstBlock({ encryptedData, iv }: { encryptedData: string; iv: string }, begin: string) {
  const bytes = Buffer.from(encryptedData, 'base64')
  const [first, rest] = [bytes.subarray(0, 16), bytes.subarray(16)]
  const plain = decryptAes128Cbc(bytes, Buffer.from(SESSION_KEY, 'base64'), Buffer.from(iv, 'base64')).bytes
  const edited = Buffer.from(first)
  for (const [at, byte] of Buffer.from(begin).entries())
    edited[at] = (edited[at] ?? 0) ^ byte ^ (plain[16 + at] ?? 0)
  return { encryptedData: rest.toString('base64'), iv: edited.toString('base64') }
}

describe('where open data is good for one time', () => {
  const decrypt = async (world: World, input: object, origin: Awaited<ReturnType<typeof logInKnowing>>) =>
    world.call(decryptOpenData, input, origin)

  test('encrypted data is accepted once, on whatever instance and by whichever way the user comes', async () => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const input = seal({ openGId: 'x' })

    expect(codeOf(await decrypt(world, input, alice))).toBe('OK')
    world.restart()
    for (const origin of [alice, world.wechatUser('alice')])
      expect(await decrypt(world, input, origin)).toMatchObject({
        error: { code: 'OPEN_DATA_STALE', reason: 'was used before', retryable: false },
      })
    expect(codeOf(await decrypt(world, seal({ openGId: 'x' }), alice))).toBe('OK')
  })

  test('64 that bring the same data have one winner', async () => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const input = seal({ openGId: 'x' })

    const codes = await Promise.all(
      Array.from({ length: 64 }, async () => codeOf(await decrypt(world, input, alice))),
    )

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'OPEN_DATA_STALE')).toHaveLength(63)
  })

  test('data is the same with another iv, and with its beginning cut off', async () => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const input = seal({ avatarUrl: 'a', nickName: 'Alice' })
    const cut = withoutFirstBlock(input, '{"nickName":"xx"'.slice(0, 2))
    const otherWorld = await createWorld()
    expect(codeOf(await decrypt(otherWorld, cut, await logInKnowing(otherWorld)))).toBe('OK')

    expect(codeOf(await decrypt(world, input, alice))).toBe('OK')
    expect(codeOf(await decrypt(world, cut, alice))).toBe('OPEN_DATA_STALE')
  })

  test.each([
    ['as old as allowed', NOW_MS - 300_000, 0, 'OPEN_DATA_STALE'],
    ['a minute ahead of our clock', NOW_MS + 60_000, 360_000, 'OPEN_DATA_STALE'],
  ])('it is remembered for as long as it is fresh: %s', async (_, issuedAtMs, laterMs, code) => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const input = seal({ openGId: 'x' }, issuedAtMs)
    expect(codeOf(await decrypt(world, input, alice))).toBe('OK')

    world.clock.advance(laterMs)

    expect(await decrypt(world, input, alice)).toMatchObject({ error: { code, reason: 'was used before' } })
  })

  test('data that is refused is not used up, and bad data costs no record', async () => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const early = seal({ openGId: 'x' }, NOW_MS + 61_000)
    expect(codeOf(await decrypt(world, early, alice))).toBe('OPEN_DATA_STALE')
    await decrypt(world, WRONG, alice)
    expect(world.store.dump()).not.toContain(':openData:')

    world.clock.advance(1000)
    expect(codeOf(await decrypt(world, early, alice))).toBe('OK')
  })

  test('nothing is accepted while it cannot be remembered', async () => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const input = seal({ openGId: 'x' })
    world.store.refusesWrites = true
    expect(codeOf(await decrypt(world, input, alice))).toBe('STATE_UNAVAILABLE')

    world.store.refusesWrites = false
    expect(codeOf(await decrypt(world, input, alice))).toBe('OK')
  })

  test('the first use costs one write, and nobody is told from the record whose it was', async () => {
    const world = await createWorld(ONE_TIME)
    const alice = await logInKnowing(world)
    const before = world.store.operations.length
    await decrypt(world, seal({ openGId: 'x' }), alice)

    expect(world.store.operations.slice(before)).toEqual(['get', 'putIfAbsent'])
    expect(world.store.dump()).not.toContain(world.simulator.phone('alice').openid)
  })
})

test('where it is not configured, open data is good as long as it is fresh', async () => {
  const world = await createWorld()
  const alice = await logInKnowing(world)
  const input = seal({ openGId: 'x' })
  const before = world.store.operations.length

  for (let use = 0; use < 3; use++) expect(codeOf(await world.call(decryptOpenData, input, alice))).toBe('OK')
  expect(world.store.operations.slice(before)).toEqual(['get', 'get', 'get'])
})

test('OPEN_DATA_ONE_TIME that is neither true nor false is a CONFIG_ERROR, and nothing is accepted', async () => {
  const world = await createWorld({ environment: { OPEN_DATA_ONE_TIME: 'canary' } })
  const alice = await logInKnowing(world)

  expect(await world.call(decryptOpenData, seal({ openGId: 'x' }), alice)).toMatchObject({
    error: { code: 'CONFIG_ERROR', message: 'OPEN_DATA_ONE_TIME is malformed.' },
  })
})
