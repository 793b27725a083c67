import { describe, expect, test } from 'vitest'
import { codeOf, createWorld } from '../../support/world.ts'
import { challengeFor, FAILED, PATH, unsigned, verify } from './confirming.ts'

describe('a signature', () => {
  test('of another user is refused, even on their own challenge', async () => {
    const world = await createWorld()
    const challenge = await challengeFor(world, 'alice')
    const input = { ...world.simulator.phone('bob').soter({ challenge }), purpose: 'pay' }

    expect(await verify(world, input)).toEqual(FAILED)
    expect(await verify(world, input, 'bob')).toEqual(FAILED)
  })

  test('of another text is refused', async () => {
    const world = await createWorld()
    const challenge = await challengeFor(world, 'alice')
    const input = { ...world.simulator.phone('alice').soter({ challenge, tamper: true }), purpose: 'pay' }

    expect(await verify(world, input)).toEqual(FAILED)
  })

  test.each([
    '{"is_ok":false}',
    '{"errcode":0}',
    '{}',
    '{"is_ok":"true"}',
    '{"is_ok":1}',
    '{"is_ok":"1"}',
    '{"is_ok":[true]}',
    '{"is_ok":null}',
    '{"isOk":true}',
    '{"IS_OK":true}',
    '{"data":{"is_ok":true}}',
  ])('is accepted only by an unmistakable yes: %s is none', async (body) => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, body })

    expect(await verify(world, await unsigned(world))).toEqual(FAILED)
  })

  test.each([
    ['{"errcode":40097,"is_ok":true}', 'UPSTREAM_REJECTED'],
    ['{"errcode":"0x","is_ok":true}', 'UPSTREAM_BAD_RESPONSE'],
    ['{"is_ok":true', 'UPSTREAM_BAD_RESPONSE'],
    ['true', 'UPSTREAM_BAD_RESPONSE'],
  ])('is not accepted where the answer is in doubt: %s', async (body, code) => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, body })

    expect(codeOf(await verify(world, await unsigned(world)))).toBe(code)
  })
})
