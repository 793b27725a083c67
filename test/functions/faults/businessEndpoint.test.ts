import { describe, expect, test } from 'vitest'
import { isCompleteImage } from '../../../shared/core/image.ts'
import { findClosedPort } from '../../support/findClosedPort.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { codeOf, createWorld } from '../../support/world.ts'
import { BUSINESS_ENDPOINT, MISTYPED, repeatOf, WITHOUT_WECHAT } from './businessEndpointTable.ts'
import { concernedBy } from './cell.ts'
import { CODE_IMAGES } from './codeImagesTable.ts'
import { createNetwork, type Strike } from './network.ts'
import type { Operation } from './operation.ts'
import { OPERATIONS, type OperationName, type Prepared, prepare } from './operations.ts'

const pathOf = (name: OperationName): string => (OPERATIONS[name] as Operation).path ?? ''

/** An operation that has its token already, so that only its own endpoint can fail it. */
async function createMeeting(name: OperationName) {
  const network = createNetwork()
  const world = await createWorld({ effects: { ...network, random: promptRandom } })
  const operation = await prepare(world, name)
  await world.runtime.accessTokens().current(world.runtime.clock.nowMs() + 5000)
  return { name, world, network, operation }
}

type Meeting = Awaited<ReturnType<typeof createMeeting>>

const INVOCATION = { requestId: 'invocation' }

/** The same invocation now and, as some platforms do, once more when all is well again. */
async function meet({ name, world, network, operation }: Meeting, strike: Strike) {
  await network.strike(world, pathOf(name), strike)
  const cell = await cellOf(operation, INVOCATION)

  network.heal(world)
  const repeated = codeOf(await operation.call(INVOCATION))
  expect(world.logLines.join()).not.toContain('canary')
  return { cell, repeat: [repeated, await operation.accepted()] }
}

async function cellOf(operation: Prepared, invocation: { requestId: string }) {
  const reply = await operation.call(invocation)
  expect(JSON.stringify(reply)).not.toContain('canary')
  return [codeOf(reply), operation.asked(), await operation.accepted()]
}

describe('the endpoint that a function is there for', () => {
  test.each(BUSINESS_ENDPOINT)('$fault', async ({ strike, row }) => {
    const concerned = concernedBy(row)
    const meetings = await Promise.all(concerned.map(([name]) => createMeeting(name)))

    const met = await Promise.all(
      meetings.map(async (meeting) => [meeting.name, await meet(meeting, strike)] as const),
    )

    const expected = concerned.map(([name, cell]) => [name, { cell, repeat: repeatOf(name, cell) }] as const)
    expect(Object.fromEntries(met)).toEqual(Object.fromEntries(expected))
  })
})

describe('an answer with a field of a wrong type, given to', () => {
  test.each(concernedBy(MISTYPED))('%s', async (name, [answer, code]) => {
    const { world, operation } = await createMeeting(name)
    world.simulator.faults.add({ path: pathOf(name), body: JSON.stringify(answer), afterTaken: true })

    expect(await cellOf(operation, INVOCATION)).toEqual([code, 1, 1])
  })
})

describe.each(CODE_IMAGES)('$fault, in place of a code', ({ strike, unlimited, stocked }) => {
  test.each([
    ['getQrCode unlimited', unlimited],
    ['getQrCode for params', unlimited],
    ['getQrCode limited', stocked],
    ['getQrCode classic', stocked],
  ] as const)('that was asked of %s', async (name, cell) => {
    const [{ world, operation }, other] = await Promise.all([createMeeting(name), createMeeting(name)])
    const sample = imageOf(await other.operation.call())
    world.simulator.faults.add({ path: pathOf(name), ...strike(sample) })

    expect(await cellOf(operation, INVOCATION)).toEqual(cell)

    const next = await operation.call({ requestId: 'another invocation' })
    expect(next).toMatchObject({ ok: true, data: { cached: cell[0] === 'OK' } })
    expect(isCompleteImage(imageOf(next))).toBe(true)
  })
})

const imageOf = (reply: Awaited<ReturnType<Prepared['call']>>): Buffer =>
  Buffer.from(reply.ok && 'imageBase64' in reply.data ? String(reply.data.imageBase64) : '', 'base64')

const LIMITED = [
  'login',
  'checkSession',
  'sendSubscribeMessage',
  'receiveMessage with a handler',
  'getQrCode limited',
  'getQrCode for params',
  'checkContent of a URL',
] as const

test.each([
  ['errcode 45009', { errcode: 45009 }, 60_000],
  ['errcode 45011', { errcode: 45011 }, 60_000],
  ['status 429 that says when', { status: 429, headers: { 'retry-after': '7' } }, 7000],
  ['status 429 that does not', { status: 429 }, 1000],
])('%s tells every caller when to come back', async (_, fault, retryAfterMs) => {
  for (const name of LIMITED) {
    const { world, operation } = await createMeeting(name)
    world.simulator.faults.add({ path: pathOf(name), ...fault })

    expect(await operation.call()).toMatchObject({
      error: { code: 'RATE_LIMITED', retryable: true, retryAfterMs },
    })
  }
})

test('a message whose answer to the user WeChat never confirms is set aside at the third try', async () => {
  const { world, network, operation } = await createMeeting('receiveMessage with a handler')
  await network.strike(world, pathOf('receiveMessage with a handler'), { reset: 'afterTaken' })
  const codes = []
  for (let attempt = 0; attempt < 4; attempt++) codes.push(codeOf(await operation.call()))

  expect(codes).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN', 'OK', 'OK'])
  expect([operation.asked(), await operation.accepted()]).toEqual([1, 1])
  expect(world.logLines.filter((line) => line.includes('was set aside'))).toHaveLength(1)
})

test.each(Object.keys(WITHOUT_WECHAT) as OperationName[])(
  '%s works while all of WeChat is out of reach',
  async (name) => {
    const world = await createWorld()
    const operation = await prepare(world, name)
    world.restart({ WECHAT_API_BASE_URL: `http://127.0.0.1:${await findClosedPort()}` })

    expect(codeOf(await operation.call())).toBe('OK')
  },
)
