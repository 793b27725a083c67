import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SoterResult } from '../../scripts/simulator/soterDevice.ts'
import { startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

const verify = (openid: string, { resultJSON, resultJSONSignature }: SoterResult) =>
  world.call('/cgi-bin/soter/verify_signature', {
    openid,
    json_string: resultJSON,
    json_signature: resultJSONSignature,
  })

test.each([20, 32] as const)('a confirmation with a salt of %i bytes is verified', async (saltLength) => {
  const phone = world.simulator.phone('alice')

  const result = phone.soter({ challenge: 'a challenge', saltLength })

  expect(JSON.parse(result.resultJSON).rsa_pss_saltlen).toBe(saltLength === 32 ? 32 : undefined)
  expect(JSON.parse(result.resultJSON)).toMatchObject({ raw: 'a challenge', counter: expect.any(Number) })
  expect(await verify(phone.openid, result)).toEqual({ errcode: 0, errmsg: 'ok', is_ok: true })
})

test('a changed confirmation gets a no and nothing else', async () => {
  const phone = world.simulator.phone('alice')

  expect(await verify(phone.openid, phone.soter({ challenge: 'c', tamper: true }))).toEqual({ is_ok: false })
})

test('the same JSON written differently is not what was signed', async () => {
  const phone = world.simulator.phone('alice')
  const result = phone.soter({ challenge: 'c' })
  const spaced = JSON.stringify(JSON.parse(result.resultJSON), null, 1)

  expect(await verify(phone.openid, { ...result, resultJSON: spaced })).toEqual({ is_ok: false })
})

test("a confirmation does not count for another user's openid", async () => {
  const result = world.simulator.phone('alice').soter({ challenge: 'c' })

  expect(await verify(world.simulator.phone('bob').openid, result)).toEqual({ is_ok: false })
  expect(await verify('o-unknown', result)).toMatchObject({ errcode: 40003 })
})

test.each(['not base64 at all', ''])(
  'a signature that is none gets a no: "%s"',
  async (resultJSONSignature) => {
    const phone = world.simulator.phone('alice')
    const { resultJSON } = phone.soter({ challenge: 'c' })

    expect(await verify(phone.openid, { resultJSON, resultJSONSignature })).toEqual({ is_ok: false })
    expect(await verify(phone.openid, { resultJSON: 'not JSON', resultJSONSignature })).toEqual({
      is_ok: false,
    })
  },
)

test('the counter of a device only grows, over a restart too', async () => {
  const counterOf = (result: SoterResult) => JSON.parse(result.resultJSON).counter as number
  const phone = world.simulator.phone('alice')
  const [first, second] = [
    counterOf(phone.soter({ challenge: 'c' })),
    counterOf(phone.soter({ challenge: 'c' })),
  ]
  const later = world.clock.ms + 60_000
  const restarted = await startTestSimulator({ nowMs: () => later })
  const third = counterOf(restarted.simulator.phone('alice').soter({ challenge: 'c' }))
  await restarted.simulator.close()

  expect(second).toBeGreaterThan(first)
  expect(third).toBeGreaterThan(second)
})

test('a device keeps its key over a restart', async () => {
  const result = world.simulator.phone('alice').soter({ challenge: 'c' })
  await world.simulator.close()
  world = await startTestSimulator()

  expect(await verify(world.simulator.phone('alice').openid, result)).toMatchObject({ is_ok: true })
})

test('a second device of a user signs with hardware of its own', async () => {
  const phone = world.simulator.phone('alice')
  const second = phone.newDevice()
  const [mine, other] = [phone.soter({ challenge: 'c' }), second.soter({ challenge: 'c' })]

  expect(second.openid).toBe(phone.openid)
  expect(JSON.parse(other.resultJSON).cpu_id).not.toBe(JSON.parse(mine.resultJSON).cpu_id)
  expect(await verify(phone.openid, other)).toMatchObject({ is_ok: true })
})
