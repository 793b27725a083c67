import { describe, expect, test } from 'vitest'
import { stateKeys } from '../../support/keyRing.ts'
import { codeOf, createWorld, dataOf } from '../../support/world.ts'
import { believe, challengeFor, confirm, FAILED, PATH, SIGNATURE, unsigned, verify } from './confirming.ts'

describe('the counter of a device', () => {
  test.each<[string, (number | undefined)[], string[]]>([
    ['advances by any step', [7, 8, 1000], ['OK', 'OK', 'OK']],
    ['may begin at zero', [0, 1], ['OK', 'OK']],
    ['does not stand still', [7, 7], ['OK', 'BIOMETRIC_FAILED']],
    ['does not go back', [7, 6, 8], ['OK', 'BIOMETRIC_FAILED', 'OK']],
    ['may be absent while none is known', [undefined, undefined, 1], ['OK', 'OK', 'OK']],
    ['may not be absent once one is known', [7, undefined, 8], ['OK', 'BIOMETRIC_FAILED', 'OK']],
    ['goes as far as integers do', [2 ** 53 - 2, 2 ** 53 - 1, 2 ** 53], ['OK', 'OK', 'BIOMETRIC_FAILED']],
  ])('%s', async (_, counters, expected) => {
    const world = await createWorld()
    believe(world, Number.POSITIVE_INFINITY)
    const codes: string[] = []
    for (const counter of counters)
      codes.push(codeOf(await verify(world, await unsigned(world, { counter }))))

    expect(codes).toEqual(expected)
  })

  test('is remembered by every instance', async () => {
    const world = await createWorld()
    believe(world, 2)
    await verify(world, await unsigned(world))
    world.restart()

    expect(await verify(world, await unsigned(world))).toEqual(FAILED)
  })

  test('is advanced by one of 64 confirmations with the same one', async () => {
    const world = await createWorld()
    believe(world, 64)
    const inputs = await Promise.all(Array.from({ length: 64 }, () => unsigned(world)))

    const codes = await Promise.all(inputs.map(async (input) => codeOf(await verify(world, input))))

    expect(codes.filter((code) => code === 'OK')).toHaveLength(1)
    expect(codes.filter((code) => code === 'BIOMETRIC_FAILED')).toHaveLength(63)
  })

  test('is not advanced by what WeChat refuses', async () => {
    const world = await createWorld()
    world.simulator.faults.add({ path: PATH, body: '{"is_ok":false}' })
    await verify(world, await unsigned(world, { counter: 1000 }))
    believe(world)

    expect(dataOf(await verify(world, await unsigned(world, { counter: 1 }))).newDevice).toBe(true)
  })
})

describe('a device', () => {
  test('is new to a user once', async () => {
    const world = await createWorld()

    expect(dataOf(await verify(world, await confirm(world))).newDevice).toBe(true)
    expect(dataOf(await verify(world, await confirm(world))).newDevice).toBe(false)
  })

  test('is another one with another cpu_id or uid: accepted, said to be new, and with a counter of its own', async () => {
    const world = await createWorld()
    believe(world, 4)
    const seen: boolean[] = []
    for (const device of [{}, { cpu_id: 'cpu-2' }, { uid: '2' }, { counter: 8 }])
      seen.push(dataOf(await verify(world, await unsigned(world, device))).newDevice)

    expect(seen).toEqual([true, true, true, false])
  })

  test('that the user has bought is new, and the old one goes on', async () => {
    const world = await createWorld()
    await verify(world, await confirm(world))
    const next = world.simulator.phone('alice').newDevice()
    const challenge = await challengeFor(world, 'alice')

    expect(dataOf(await verify(world, { ...next.soter({ challenge }), purpose: 'pay' })).newDevice).toBe(true)
    expect(dataOf(await verify(world, await confirm(world))).newDevice).toBe(false)
  })

  test('is new to each of its users', async () => {
    const world = await createWorld()
    believe(world, 2)
    const forBob = { raw: await challengeFor(world, 'bob'), counter: 7, cpu_id: 'cpu', uid: '1' }
    await verify(world, await unsigned(world))

    const input = { resultJSON: JSON.stringify(forBob), resultJSONSignature: SIGNATURE, purpose: 'pay' }
    expect(dataOf(await verify(world, input, 'bob')).newDevice).toBe(true)
  })
})

test('a counter that the keys can no longer open is not begun anew', async () => {
  const world = await createWorld({ environment: { STATE_KEYS: stateKeys('k1') } })
  expect(codeOf(await verify(world, await confirm(world)))).toBe('OK')
  world.restart({ STATE_KEYS: stateKeys('k2') })

  const reply = await verify(world, await confirm(world))

  expect(reply).toMatchObject({
    ok: false,
    error: { code: 'CONFIG_ERROR', message: expect.stringContaining('STATE_KEYS') },
  })
})
