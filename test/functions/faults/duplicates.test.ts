import { describe, expect, test } from 'vitest'
import sendSubscribeMessage from '../../../functions/sendSubscribeMessage/index.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { codeOf, createWorld, dataOf } from '../../support/world.ts'
import { concernedBy } from './cell.ts'
import { DUPLICATES, REMEMBERED } from './duplicatesTable.ts'
import { OPERATIONS, type OperationName, prepare } from './operations.ts'

const INVOCATION = { requestId: 'invocation' }

describe('an invocation that comes twice', () => {
  const createMeeting = async (name: OperationName) => {
    const world = await createWorld({ effects: { random: promptRandom } })
    return { world, operation: await prepare(world, name) }
  }

  test.each(concernedBy(DUPLICATES))('in turn: %s', async (name, { inTurn }) => {
    const { world, operation } = await createMeeting(name)
    const codes = [codeOf(await operation.call(INVOCATION))]
    world.restart()
    codes.push(codeOf(await operation.call(INVOCATION)))

    expect([...codes, await operation.accepted()]).toEqual(inTurn)
    expect(world.simulator.accepted('/cgi-bin/stable_token')).toBeLessThanOrEqual(1)
  })

  test.each(concernedBy(DUPLICATES))('at once, in two processes: %s', async (name, { together }) => {
    const { world, operation } = await createMeeting(name)
    const first = operation.call(INVOCATION)
    world.restart()
    const replies = await Promise.all([first, operation.call(INVOCATION)])

    expect([...replies.map(codeOf).sort(), await operation.accepted()]).toEqual(together)
    expect(world.simulator.accepted('/cgi-bin/stable_token')).toBeLessThanOrEqual(1)
  })

  test.each(Object.entries(REMEMBERED))('gets the same answer: %s', async (name, mark) => {
    const { operation } = await createMeeting(name as OperationName)
    const first = dataOf(await operation.call(INVOCATION))

    expect(dataOf(await operation.call(INVOCATION))).toEqual({ ...first, ...mark })
  })
})

describe('a double tap', () => {
  test.each([
    ['in turn', false, ['OK', 'OK']],
    ['at once', true, ['IN_PROGRESS', 'OK']],
  ])('%s sends one message, though each tap is an invocation of its own', async (_, isAtOnce, codes) => {
    const world = await createWorld()
    const origin = world.wechatUser('alice')
    const { input } = await OPERATIONS.sendSubscribeMessage.prepare(world)
    const tap = () => world.call(sendSubscribeMessage, { ...Object(input), requestKey: 'tap' }, origin)

    const first = tap()
    if (!isAtOnce) await first
    const replies = await Promise.all([first, tap()])

    expect(replies.map(codeOf).sort()).toEqual(codes)
    expect(world.simulator.sentMessages).toHaveLength(1)
  })
})
