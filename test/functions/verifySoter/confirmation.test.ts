import { describe, expect, test } from 'vitest'
import createSoterChallenge from '../../../functions/createSoterChallenge/index.ts'
import verifySoter from '../../../functions/verifySoter/index.ts'
import { verifySoterProof } from '../../../shared/core/soterProof.ts'
import { keyRing, stateKeys } from '../../support/keyRing.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { APP_ID, codeOf, createWorld, dataOf } from '../../support/world.ts'
import { challengeFor, confirm, FAILED, PATH, SIGNATURE, unsigned, verify } from './confirming.ts'

describe('a confirmation', () => {
  test('is verified: who, what for, when, and with which device', async () => {
    const world = await createWorld({ environment: { STATE_KEYS: stateKeys('k1') } })
    const input = await confirm(world, { action: 'order-42' })
    const { cpu_id: cpuId, uid } = JSON.parse(input.resultJSON)

    const data = dataOf(await verify(world, input))

    expect(data).toEqual({
      verified: true,
      purpose: 'pay',
      action: 'order-42',
      verifiedAtMs: NOW_MS,
      newDevice: true,
      device: {
        cpuId,
        uid,
        teeName: 'simulated-tee',
        teeVersion: '10010',
        fingerprintName: 'FPC',
        fingerprintVersion: '6516',
      },
      proof: expect.any(String),
    })
    const expected = { appId: APP_ID, purpose: 'pay', nowMs: NOW_MS }
    expect(verifySoterProof(data.proof, expected, keyRing('k1'))).toEqual({
      appId: APP_ID,
      openid: world.simulator.phone('alice').openid,
      purpose: 'pay',
      action: 'order-42',
      issuedAtMs: NOW_MS,
      expiresAtMs: NOW_MS + 300_000,
    })
  })

  test('is sent to WeChat as the very text that the device signed, in the name of the caller', async () => {
    const world = await createWorld()
    const input = await confirm(world)
    await verify(world, input)

    expect(world.simulator.requests(PATH).map(({ body }) => JSON.parse(body))).toEqual([
      {
        openid: world.simulator.phone('alice').openid,
        json_string: input.resultJSON,
        json_signature: input.resultJSONSignature,
      },
    ])
  })

  test('may be signed with the salt of 32 bytes that some devices declare', async () => {
    const world = await createWorld()
    const challenge = await challengeFor(world, 'alice')
    const result = world.simulator.phone('alice').soter({ challenge, saltLength: 32 })

    expect(codeOf(await verify(world, { ...result, purpose: 'pay' }))).toBe('OK')
  })

  test('leaves the action out where there was none', async () => {
    const world = await createWorld()

    expect(dataOf(await verify(world, await confirm(world)))).not.toHaveProperty('action')
  })

  test('works with a token just as well', async () => {
    const world = await createWorld()
    const alice = await world.logIn('alice')
    const { challenge } = dataOf(await world.call(createSoterChallenge, { purpose: 'pay' }, alice))
    const result = world.simulator.phone('alice').soter({ challenge })

    expect(codeOf(await world.call(verifySoter, { ...result, purpose: 'pay' }, alice))).toBe('OK')
  })
})

describe('an input', () => {
  const good = { resultJSON: '{"raw":"x"}', resultJSONSignature: SIGNATURE, purpose: 'pay' }
  const bytes = (length: number) => Buffer.alloc(length).toString('base64')

  test.each<[object, string, string]>([
    [{ resultJSON: undefined }, 'resultJSON', 'is missing'],
    [{ resultJSON: { raw: 'x' } }, 'resultJSON', 'must be of type string'],
    [{ resultJSON: '' }, 'resultJSON', 'is empty'],
    [{ resultJSON: '{' }, 'resultJSON', 'is not a JSON object'],
    [{ resultJSON: '[]' }, 'resultJSON', 'is not a JSON object'],
    [{ resultJSON: 'null' }, 'resultJSON', 'is not a JSON object'],
    [{ resultJSON: 'x'.repeat(4097) }, 'resultJSON', 'is over its maximum of 4096 characters'],
    [{ resultJSONSignature: undefined }, 'resultJSONSignature', 'is missing'],
    [{ resultJSONSignature: 7 }, 'resultJSONSignature', 'must be of type string'],
    [{ resultJSONSignature: '' }, 'resultJSONSignature', 'is empty'],
    [{ resultJSONSignature: `${SIGNATURE}\n` }, 'resultJSONSignature', 'base64 with a line break'],
    [
      { resultJSONSignature: SIGNATURE.replace('A', '-') },
      'resultJSONSignature',
      'base64 in the URL-safe alphabet',
    ],
    [{ resultJSONSignature: bytes(255) }, 'resultJSONSignature', '255 bytes are no signature'],
    [{ resultJSONSignature: bytes(128) }, 'resultJSONSignature', '128 bytes are no signature'],
    [{ resultJSONSignature: bytes(1024) }, 'resultJSONSignature', 'is over its maximum of 1024 characters'],
    [{ purpose: undefined }, 'purpose', 'is missing'],
    [{ purpose: 'pay me' }, 'purpose', 'is malformed'],
    [{ openid: 'o1' }, 'openid', 'is not a field of this function'],
    [{ challenge: 'x' }, 'challenge', 'is not a field of this function'],
  ])('is refused before anything is burnt or asked: %j', async (change, field, reason) => {
    const world = await createWorld()

    expect(await verify(world, { ...good, ...change })).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field, reason },
    })
    expect(world.store.operations).toEqual([])
    expect(world.simulator.requests()).toEqual([])
  })

  test.each([64, 70, 256, 384, 512])('may have a signature of %d bytes', async (length) => {
    const world = await createWorld()
    const input = { ...(await unsigned(world)), resultJSONSignature: bytes(length) }

    expect(await verify(world, input)).toEqual(FAILED)
    expect(world.simulator.requests(PATH)).toHaveLength(1)
  })
})

test.each([
  ['is down', { isDown: true }],
  ['refuses to write', { refusesWrites: true }],
])('while the store %s nothing is verified and WeChat is not asked', async (_, state) => {
  const world = await createWorld()
  const input = await confirm(world)
  Object.assign(world.store, state)

  expect(codeOf(await verify(world, input))).toBe('STATE_UNAVAILABLE')
  expect(world.simulator.requests(PATH)).toEqual([])
})

test('why a confirmation failed stands in the log and nowhere else', async () => {
  const world = await createWorld()
  await verify(world, { ...(await unsigned(world)), purpose: 'login' })

  expect(JSON.parse(world.logLines.at(-1) ?? '')).toMatchObject({
    code: 'BIOMETRIC_FAILED',
    detail: 'the challenge was issued for another purpose',
  })
})
