import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestSimulator, type TestSimulator } from './testSimulator.ts'

const PATH = '/sns/jscode2session'

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

const loginAlice = () => world.login(world.simulator.phone('alice').login().code)
const counts = () => [world.simulator.accepted(PATH), world.simulator.answered(PATH)]

test('without faults what is accepted is answered', async () => {
  await loginAlice()

  expect(counts()).toEqual([1, 1])
})

test('a reset before the effect leaves nothing accepted', async () => {
  world.simulator.faults.add({ path: PATH, reset: 'before' })
  const { code } = world.simulator.phone('alice').login()

  await expect(world.login(code)).rejects.toThrow()

  expect(counts()).toEqual([0, 0])
  expect(await world.login(code)).toHaveProperty('openid')
})

test('a reset after the effect leaves one accepted and none answered', async () => {
  world.simulator.faults.add({ path: PATH, reset: 'afterTaken' })
  const { code } = world.simulator.phone('alice').login()

  await expect(world.login(code)).rejects.toThrow()

  expect(counts()).toEqual([1, 0])
  expect(await world.login(code)).toMatchObject({ errcode: 40163 })
})

test.each([
  ['before', [0, 0]],
  ['afterTaken', [1, 0]],
] as const)('a hang %s never answers', async (hang, expected) => {
  world.simulator.faults.add({ path: PATH, hang })
  const abandoned = new AbortController()
  const { code } = world.simulator.phone('alice').login()

  const answer = fetch(`${world.simulator.url}${PATH}?${credentialOf(code)}`, { signal: abandoned.signal })
  await expect.poll(() => world.simulator.requests(PATH).length).toBe(1)
  await expect.poll(() => world.simulator.accepted(PATH)).toBe(expected[0])
  abandoned.abort()

  await expect(answer).rejects.toThrow()
  expect(counts()).toEqual(expected)
})

test('an errcode in place of the answer has no effect and ends in a request id', async () => {
  world.simulator.faults.add({ path: PATH, errcode: 45011, errmsg: 'api minute-quota reach limit' })

  expect(await loginAlice()).toEqual({
    errcode: 45011,
    errmsg: expect.stringMatching(/^api minute-quota reach limit rid: /),
  })
  expect(counts()).toEqual([0, 0])
})

test('a status comes with its headers and a page that is not JSON', async () => {
  world.simulator.faults.add({ path: PATH, status: 502, headers: { 'retry-after': '7' } })

  const response = await world.send(PATH, {})

  expect([response.status, response.headers.get('retry-after')]).toEqual([502, '7'])
  expect(await response.text()).toContain('<h1>502 Bad Gateway</h1>')
})

test('a garbled answer after the effect is accepted and not answered', async () => {
  world.simulator.faults.add({ path: PATH, body: '{"openid":', afterTaken: true })

  await expect(loginAlice()).rejects.toThrow(SyntaxError)
  expect(counts()).toEqual([1, 0])
})

test.each([0, 10])(
  'a cut after %i bytes announces the whole length and breaks off',
  async (cutAfterBytes) => {
    world.simulator.faults.add({ path: PATH, cutAfterBytes })
    const { code } = world.simulator.phone('alice').login()

    const response = await fetch(`${world.simulator.url}${PATH}?${credentialOf(code)}`)

    expect(response.status).toBe(200)
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(cutAfterBytes)
    await expect(response.text()).rejects.toThrow()
    expect(counts()).toEqual([1, 0])
  },
)

test('a slow answer is the same answer, and its effect does not wait', async () => {
  world.simulator.faults.add({ path: PATH, latencyMs: 30 })
  const answer = loginAlice()
  await expect.poll(() => world.simulator.accepted(PATH)).toBe(1)

  expect(await answer).toHaveProperty('openid')
  expect(counts()).toEqual([1, 1])
})

test('a trickled answer is the same answer', async () => {
  world.simulator.faults.add({ path: PATH, trickle: { bytes: 40, everyMs: 1 } })

  expect(await loginAlice()).toHaveProperty('session_key')
  expect(counts()).toEqual([1, 1])
})

test('a fault strikes as often as it says, then the next one', async () => {
  world.simulator.faults.add({ path: PATH, times: 2, errcode: -1 })
  world.simulator.faults.add({ path: '*', errcode: 40226 })

  const errcodes = [await loginAlice(), await loginAlice(), await loginAlice(), await loginAlice()].map(
    (a) => a.errcode,
  )

  expect(errcodes).toEqual([-1, -1, 40226, undefined])
})

test('cleared faults strike no more', async () => {
  world.simulator.faults.add({ path: PATH, times: Number.POSITIVE_INFINITY, status: 500 })
  world.simulator.faults.clear()

  expect(await loginAlice()).toHaveProperty('openid')
})

test('closing ends connections that hang', async () => {
  world.simulator.faults.add({ path: PATH, hang: 'before' })
  const answer = world.send(PATH, {})
  await expect.poll(() => world.simulator.requests(PATH).length).toBe(1)

  await world.simulator.close()

  await expect(answer).rejects.toThrow()
})

function credentialOf(code: string): URLSearchParams {
  return new URLSearchParams({ ...world.credential, js_code: code, grant_type: 'authorization_code' })
}
