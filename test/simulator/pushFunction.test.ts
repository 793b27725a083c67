import { afterEach, expect, test } from 'vitest'
import { APP_ID, startTestSimulator, type TestSimulator } from './testSimulator.ts'

let world: TestSimulator
afterEach(() => world.simulator.close())

async function pushTextTo(deliver: (message: object) => Promise<unknown>) {
  world = await startTestSimulator({ push: { deliver }, pushTimeoutMs: 250 })
  const { msgId } = world.simulator.phone('alice').sendText('hi')
  await world.simulator.pushesDone()
  return { msgId, push: world.simulator.pushes[0] }
}

test('a cloud function gets the message itself, made out to the app id, with its id as text', async () => {
  const events: object[] = []

  const { msgId, push } = await pushTextTo(async (message) => {
    events.push(message)
    return 'success'
  })

  expect(events).toEqual([
    {
      ToUserName: APP_ID,
      FromUserName: world.simulator.phone('alice').openid,
      CreateTime: world.clock.ms / 1000,
      MsgType: 'text',
      Content: 'hi',
      MsgId: msgId,
    },
  ])
  expect(push).toMatchObject({ attempts: [{ body: 'success' }], outcome: 'acknowledged' })
})

test('an object acknowledges a push and is kept as the reply', async () => {
  const { push } = await pushTextTo(async () => ({ MsgType: 'transfer_customer_service' }))

  expect(push).toMatchObject({ outcome: 'acknowledged', reply: { MsgType: 'transfer_customer_service' } })
})

test.each([
  ['an error of ours', { ok: false, error: { code: 'UNAUTHENTICATED' } }],
  ['nothing', undefined],
  ['null', null],
  ['another text', 'ok'],
])('a function that answers %s is tried three times', async (_case, answer) => {
  let tries = 0
  const { push } = await pushTextTo(async () => {
    tries += 1
    return answer
  })

  expect([tries, push?.outcome, push?.reply]).toEqual([3, 'given up', undefined])
})

test('a function that throws, or takes too long, is tried again', async () => {
  let tries = 0
  const { push } = await pushTextTo(async (message) => {
    tries += 1
    if (tries === 1) throw new Error('cold start failed')
    if (tries === 2) return new Promise(() => {})
    Object.assign(message, { Content: 'changed' })
    return 'success'
  })

  expect(push).toMatchObject({
    message: { Content: 'hi' },
    attempts: [{ failure: 'cold start failed' }, { failure: 'no answer within 250 ms' }, { body: 'success' }],
  })
})
