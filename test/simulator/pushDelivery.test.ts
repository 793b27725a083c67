import { afterEach, beforeEach, expect, test } from 'vitest'
import { type PushReceiver, readEncrypted, sealReply, startPushReceiver } from './pushReceiver.ts'
import { startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
let receiver: PushReceiver
beforeEach(async () => {
  receiver = await startPushReceiver()
  world = await startTestSimulator({ push: receiver.target })
})
afterEach(async () => {
  await world.simulator.close()
  await receiver.close()
})

async function pushText({ simulator } = world) {
  simulator.phone('alice').sendText('hi')
  await simulator.pushesDone()
}

test('without a target nothing is pushed and nothing is kept', async () => {
  world.simulator.pushTo(undefined)
  await pushText()

  expect([world.simulator.pushes, receiver.received]).toEqual([[], []])
})

test.each(['success', ''])('the answer "%s" acknowledges a push', async (body) => {
  receiver.answer(() => ({ body }))
  await pushText()

  expect(world.simulator.pushes).toEqual([
    {
      message: expect.objectContaining({ MsgType: 'text', Content: 'hi' }),
      attempts: [{ status: 200, body }],
      outcome: 'acknowledged',
    },
  ])
  expect(receiver.received).toHaveLength(1)
})

test('a push is repeated until it is acknowledged', async () => {
  const statuses = [500, 302]
  receiver.answer(() => ({ status: statuses.shift() ?? 200, body: 'success' }))
  await pushText()

  expect(world.simulator.pushes).toMatchObject([
    {
      attempts: [
        { status: 500, failure: 'HTTP status 500' },
        { failure: 'HTTP status 302' },
        { status: 200 },
      ],
      outcome: 'acknowledged',
    },
  ])
})

test('a push that nobody acknowledges is given up after three tries', async () => {
  receiver.answer(() => ({ status: 503 }))
  await pushText()

  expect(receiver.received).toHaveLength(3)
  expect(world.simulator.pushes).toMatchObject([{ outcome: 'given up' }])
})

test('every try is the same message with a timestamp, a nonce and an encryption of its own', async () => {
  receiver.answer(() => {
    world.clock.ms += 5000
    return { status: 500 }
  })
  await pushText()

  const [first, ...others] = receiver.received.map(readEncrypted)
  expect(others).toEqual([first, first])
  const differing = [
    ({ query }) => query.timestamp,
    ({ query }) => query.nonce,
    ({ query }) => query.msg_signature,
    ({ body }) => body,
  ] satisfies ((push: PushReceiver['received'][number]) => string | undefined)[]
  for (const read of differing) expect(new Set(receiver.received.map(read)).size).toBe(3)
})

test('a push that is not answered in time is cut off and repeated', async () => {
  const hasty = await startTestSimulator({ push: receiver.target, pushTimeoutMs: 250 })
  receiver.answer(() => (receiver.received.length < 2 ? 'hang' : {}))
  await pushText(hasty)
  await hasty.simulator.close()

  expect(hasty.simulator.pushes).toMatchObject([
    { attempts: [{ failure: 'no answer within 250 ms' }, { status: 200 }], outcome: 'acknowledged' },
  ])
})

test('a receiver that cannot be reached is tried three times', async () => {
  await receiver.close()
  await pushText()

  const { attempts, outcome } = world.simulator.pushes[0] ?? {}
  expect(attempts).toEqual(Array(3).fill({ failure: expect.stringContaining('ECONNREFUSED') }))
  expect(outcome).toBe('given up')
})

test('an encrypted reply acknowledges a push and is kept decrypted', async () => {
  const reply = { MsgType: 'transfer_customer_service', CreateTime: 1 }
  receiver.answer(() => ({ body: sealReply(reply) }))
  await pushText()

  expect(world.simulator.pushes).toMatchObject([{ outcome: 'acknowledged', reply }])
})

test.each([
  ['plain', '{"MsgType":"text"}', /Encrypt/],
  ['no JSON', 'fail', /JSON/],
  ['no object', '1', /no reply/],
  ['signed wrongly', sealReply({}, { MsgSignature: 'x'.repeat(40) }), /MsgSignature/],
  ['timed in text', sealReply({}, { TimeStamp: '1790000000' }), /TimeStamp/],
  ['damaged', sealReply({}, { Encrypt: 'AAAA' }), /MsgSignature/],
])('a reply that is %s acknowledges nothing in the encrypted mode', async (_case, body, failure) => {
  receiver.answer(() => ({ body }))
  await pushText()

  const { outcome, attempts, reply } = world.simulator.pushes[0] ?? {}
  expect([outcome, reply, attempts?.length]).toEqual(['given up', undefined, 3])
  expect(attempts?.[0]?.failure).toMatch(failure)
})

test('a plain reply is a reply in the plain and the compatible mode', async () => {
  receiver.answer(() => ({ body: '{"MsgType":"text","Content":"ok"}' }))
  for (const mode of ['plain', 'compatible'] as const) {
    world.simulator.pushTo({ ...receiver.target, mode })
    await pushText()
  }

  expect(world.simulator.pushes).toMatchObject(Array(2).fill({ reply: { MsgType: 'text', Content: 'ok' } }))
})

test('a target that takes XML replies in XML', async () => {
  world.simulator.pushTo({ ...receiver.target, mode: 'plain', format: 'xml' })
  receiver.answer(() => ({
    body: '<xml><MsgType><![CDATA[image]]></MsgType><Image><MediaId>7</MediaId></Image></xml>',
  }))
  await pushText()
  receiver.answer(() => ({ body: '{"MsgType":"image"}' }))
  await pushText()

  expect(world.simulator.pushes).toMatchObject([
    { outcome: 'acknowledged', reply: { MsgType: 'image', Image: { MediaId: '7' } } },
    { outcome: 'given up' },
  ])
})

test('a new target takes the repeats of what the old one refused', async () => {
  const other = await startPushReceiver()
  receiver.answer(() => {
    world.simulator.pushTo(other.target)
    return { status: 500 }
  })
  await pushText()
  await other.close()

  expect([receiver.received.length, other.received.length]).toEqual([1, 1])
})

test('closing ends what is under way, and nothing is pushed any more', async () => {
  receiver.answer(() => 'hang')
  world.simulator.phone('alice').sendText('hi')
  await expect.poll(() => receiver.received.length).toBe(1)

  await world.simulator.close()
  world.simulator.phone('alice').sendText('again')

  expect(world.simulator.pushes).toMatchObject([
    { attempts: [{ failure: 'the simulator was closed' }], outcome: 'given up' },
  ])
})
