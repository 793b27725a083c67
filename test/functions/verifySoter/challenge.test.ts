import { describe, expect, test } from 'vitest'
import { codeOf, createWorld, type World } from '../../support/world.ts'
import { believe, challengeFor, confirm, FAILED, PATH, SIGNATURE, unsigned, verify } from './confirming.ts'

describe('a challenge', () => {
  test('is good for one confirmation', async () => {
    const world = await createWorld()
    const input = await confirm(world)
    await verify(world, input)

    expect(await verify(world, input)).toEqual(FAILED)
    expect(world.simulator.accepted(PATH)).toBe(1)
  })

  test('is good for one of 64 confirmations that come together', async () => {
    const world = await createWorld()
    const input = await confirm(world)

    const codes = await Promise.all(
      Array.from({ length: 64 }, async () => codeOf(await verify(world, input))),
    )

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'BIOMETRIC_FAILED')).toHaveLength(63)
    expect(world.simulator.requests(PATH)).toHaveLength(1)
  })

  test.each([
    ["of the client's own making", async () => 'mine'],
    ['that is empty', async () => ''],
    ['issued to another user', (world: World) => challengeFor(world, 'bob')],
    ['issued for another purpose', (world: World) => challengeFor(world, 'alice', { purpose: 'login' })],
  ])('%s is refused without asking WeChat', async (_, challengeOf) => {
    const world = await createWorld()
    const resultJSON = JSON.stringify({ raw: await challengeOf(world), counter: 1, cpu_id: 'cpu', uid: '1' })

    expect(await verify(world, { resultJSON, resultJSONSignature: SIGNATURE, purpose: 'pay' })).toEqual(
      FAILED,
    )
    expect(world.simulator.requests(PATH)).toEqual([])
  })

  test('is refused once its two minutes are over, whether or not the store has deleted it', async () => {
    const world = await createWorld()
    const input = await confirm(world)
    world.clock.advance(120_000)

    expect(await verify(world, input)).toEqual(FAILED)
    expect(world.simulator.requests(PATH)).toEqual([])
  })

  test.each([
    ['a refused signature', (input: object) => ({ ...input, resultJSONSignature: SIGNATURE })],
    ['another purpose', (input: object) => ({ ...input, purpose: 'login' })],
  ])('is burnt by %s', async (_, spoil) => {
    const world = await createWorld()
    const input = await confirm(world)

    expect(await verify(world, spoil(input))).toEqual(FAILED)
    expect(await verify(world, input)).toEqual(FAILED)
  })

  test.each([
    ['the counter is no integer', { counter: 1.5 }],
    ['the counter is text', { counter: '7' }],
    ['the device has no cpu_id', { cpu_id: undefined }],
    ['the device has no uid', { uid: undefined }],
  ])('is burnt where %s, and WeChat is not asked', async (_, fields) => {
    const world = await createWorld()
    const spoilt = await unsigned(world, fields)
    const mended = {
      ...spoilt,
      resultJSON: JSON.stringify({
        counter: 7,
        cpu_id: 'cpu',
        uid: '1',
        raw: JSON.parse(spoilt.resultJSON).raw,
      }),
    }

    expect(await verify(world, spoilt)).toEqual(FAILED)
    believe(world)
    expect(await verify(world, mended)).toEqual(FAILED)
    expect(world.simulator.requests(PATH)).toEqual([])
  })

  test('is burnt before WeChat is asked, so a lost answer does not revive it', async () => {
    const world = await createWorld()
    const input = await confirm(world)
    world.simulator.faults.add({ path: PATH, status: 502, times: 3 })

    expect(codeOf(await verify(world, input))).toBe('UPSTREAM_UNAVAILABLE')
    expect(await verify(world, input)).toEqual(FAILED)
  })

  test('is not burnt by an input that is none', async () => {
    const world = await createWorld()
    const input = await confirm(world)
    await verify(world, { ...input, resultJSONSignature: 'x' })

    expect(codeOf(await verify(world, input))).toBe('OK')
  })
})
