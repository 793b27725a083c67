import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StateTable, startStateTable } from '../../../scripts/stateTable.ts'
import type { Environment } from '../../../shared/core/config.ts'
import { createDynamoDbStore } from '../../../shared/platform/dynamodb/store.ts'
import { createHttpTransport } from '../../../shared/platform/httpTransport.ts'
import { systemClock } from '../../../shared/platform/systemClock.ts'
import { systemRandom } from '../../../shared/platform/systemRandom.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { StateStore } from '../../../shared/ports/stateStore.ts'
import { awsFault, type Fault, type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { describeStateStore } from '../../support/stateStoreContract.ts'
import { describeLateWrites, type StoreUnderTest } from '../../support/stateStoreFaults.ts'
import { createTestClock } from '../../support/testClock.ts'

const TABLE = 'weapp_functions'
/** A port that nothing listens on. */
const NOWHERE = 'http://127.0.0.1:1'

const transport = createHttpTransport({ clock: systemClock })
let stateTable: StateTable
let proxy: FaultProxy

beforeAll(async () => {
  stateTable = await startStateTable()
  proxy = await startFaultProxy(stateTable.environment.AWS_ENDPOINT_URL_DYNAMODB)
})

afterAll(async () => {
  transport.close()
  await proxy.close()
  await stateTable.close()
})

const open = (environment: Environment = {}, clock: Clock = createTestClock(), table = TABLE): StateStore =>
  createDynamoDbStore({
    table,
    environment: { ...stateTable.environment, ...environment },
    clock,
    random: promptRandom,
    transport,
  })

const openFaulty = (clock?: Clock): StateStore => {
  proxy.faults.length = 0
  return open({ AWS_ENDPOINT_URL_DYNAMODB: proxy.url }, clock)
}

const keyOf = (name: string): string => `wx1:test:${name}`

const everyOperation: [string, (store: StateStore) => Promise<unknown>][] = [
  ['get', (store) => store.get(keyOf('any'))],
  ['putIfAbsent', (store) => store.putIfAbsent(keyOf('any'), { version: 'v1', body: 'b' })],
  ['compareAndSet', (store) => store.compareAndSet(keyOf('any'), 'v1', { version: 'v2', body: 'b' })],
  ['deleteIf', (store) => store.deleteIf(keyOf('any'), 'v1')],
]

const WIRE_FAULTS = {
  none: undefined,
  throttled: awsFault('ThrottlingException'),
  refused: 'resetBefore',
  answerLost: 'resetAfter',
  late: 'late',
} as const satisfies Record<string, Fault | undefined>

/** The real client, through a proxy, to a table of dynalite. */
const subject: StoreUnderTest = {
  open: (clock) => open({}, clock),
  openOverWire: (clock) => open({ AWS_ENDPOINT_URL_DYNAMODB: proxy.url }, clock),
  wire: () => ({
    disturb: (...faults) => {
      proxy.faults.splice(0, Number.POSITIVE_INFINITY, ...faults.map((fault) => WIRE_FAULTS[fault]))
    },
    cut: (isCut) => {
      proxy.isDown = isCut
    },
    countRequests: () => proxy.operations.length,
    deliverLate: () => proxy.deliverLate(),
  }),
}

describeStateStore('the DynamoDB store', subject)
describeLateWrites(subject)

describe('what passes is repeated', () => {
  test.each([
    ['a refused throughput', awsFault('ProvisionedThroughputExceededException')],
    ['a throttled request', awsFault('ThrottlingException')],
    ['a limit on requests', awsFault('RequestLimitExceeded')],
    ['an inner error', awsFault('InternalServerError', 500)],
    ['an answer of a gateway', { status: 503, body: '<html>busy</html>' }],
    ['an answer that is no JSON', { status: 200, body: '<html>welcome</html>' }],
    ['a reset connection', 'resetBefore'],
  ] as const)('%s costs a repeat and nothing else', async (name, fault) => {
    const store = openFaulty()
    const record = { version: 'v1', body: 'b' }

    proxy.faults.push(fault, fault)
    expect(await store.putIfAbsent(keyOf(name), record)).toBe(true)
    proxy.faults.push(fault, fault)
    expect(await store.get(keyOf(name))).toEqual(record)
    proxy.faults.push(fault, fault)
    expect(await store.deleteIf(keyOf(name), 'v1')).toBe(true)
  })

  test.each(everyOperation)('%s gives up after two repeats', async (_, operate) => {
    const store = openFaulty()
    const before = proxy.operations.length
    proxy.faults.push(...Array.from({ length: 3 }, () => awsFault('ThrottlingException')))

    await expect(operate(store)).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      options: { detail: expect.stringMatching(/^(Get|Put)Item: ThrottlingException$/) },
    })

    expect(proxy.operations.length - before).toBe(3)
    expect(proxy.faults).toEqual([])
  })

  test.each(everyOperation)('%s fails cleanly when nothing listens', async (_, operate) => {
    await expect(operate(open({ AWS_ENDPOINT_URL_DYNAMODB: NOWHERE }))).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      options: { detail: expect.stringMatching(/^(Get|Put)Item: ECONNREFUSED$/) },
    })
  })

  test('a store that never answers is given up before its caller has run out of time', async () => {
    const store = openFaulty(systemClock)
    proxy.faults.push('hang', 'hang', 'hang', 'hang')

    await expect(store.get(keyOf('any'))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(proxy.faults).toHaveLength(1)
  })

  test('an instance that was frozen in the middle does not go on', async () => {
    const clock = createTestClock()
    const store = openFaulty({ ...clock, sleep: async () => clock.advance(60_000) })
    const before = proxy.operations.length
    proxy.faults.push('resetBefore')

    await expect(store.get(keyOf('any'))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })

    expect(proxy.operations.length - before).toBe(1)
  })
})

const lostAnswers = [
  ['a reset', 'resetAfter'],
  ['an inner error', { status: 500, body: '', isPassedOn: true }],
  ['half an answer', { status: 200, body: '{"It', isPassedOn: true }],
] as const

describe.each(lostAnswers)('a write whose answer was lost to %s', (loss, fault) => {
  test('is known to be ours', async () => {
    const store = openFaulty()
    const key = keyOf(`ours ${loss}`)

    proxy.faults.push(fault)
    expect(await store.putIfAbsent(key, { version: 'v1', body: 'b1' })).toBe(true)
    proxy.faults.push(fault)
    expect(await store.compareAndSet(key, 'v1', { version: 'v2', body: 'b2' })).toBe(true)
    expect(await store.get(key)).toEqual({ version: 'v2', body: 'b2' })
    proxy.faults.push(fault)
    expect(await store.deleteIf(key, 'v2')).toBe(true)
    expect(await store.get(key)).toBeUndefined()
  })

  test('is known to be refused', async () => {
    const store = openFaulty()
    const key = keyOf(`refused ${loss}`)
    await store.putIfAbsent(key, { version: 'v1', body: 'b1' })

    proxy.faults.push(fault)
    expect(await store.putIfAbsent(key, { version: 'v2', body: 'b2' })).toBe(false)
    proxy.faults.push(fault)
    expect(await store.compareAndSet(key, 'v0', { version: 'v2', body: 'b2' })).toBe(false)
    proxy.faults.push(fault)
    expect(await store.deleteIf(key, 'v0')).toBe(false)

    expect(await store.get(key)).toEqual({ version: 'v1', body: 'b1' })
  })
})

test('a deletion that another call made meanwhile is not taken for ours', async () => {
  const clock = createTestClock()
  const key = keyOf('two deletions')
  await open().putIfAbsent(key, { version: 'v1', body: 'b' })
  const rival = open()
  const results: boolean[] = []
  const store = openFaulty({
    ...clock,
    sleep: async () => {
      results.push(await rival.deleteIf(key, 'v1'))
    },
  })
  proxy.faults.push('resetBefore')

  results.push(await store.deleteIf(key, 'v1'))

  expect(results).toEqual([true, false])
})

test('a write whose outcome cannot be read back is not reported as either', async () => {
  const store = openFaulty()
  proxy.faults.push('resetAfter', undefined, 'resetBefore', 'resetBefore', 'resetBefore')

  await expect(store.putIfAbsent(keyOf('unreadable'), { version: 'v1', body: 'b' })).rejects.toMatchObject({
    code: 'STATE_UNAVAILABLE',
  })
  expect(await store.get(keyOf('unreadable'))).toEqual({ version: 'v1', body: 'b' })
})

describe('what lasts is the deployment’s fault, is named and is not repeated', () => {
  test.each([
    [
      'ResourceNotFoundException',
      'STATE_TABLE names a table that does not exist in this region and account.',
    ],
    ['ValidationException', 'STATE_TABLE names a table whose key is not the string pk.'],
    ['AccessDeniedException', 'AWS credentials do not allow GetItem and PutItem on STATE_TABLE.'],
    ['ExpiredTokenException', 'AWS credentials have expired.'],
    ['InvalidSignatureException', 'AWS credentials have a wrong secret key, or the clock is off.'],
    ['UnrecognizedClientException', 'AWS credentials are not known to AWS.'],
  ])('%s is told as “%s”', async (name, message) => {
    const store = openFaulty()
    const before = proxy.operations.length
    proxy.faults.push(awsFault(name))

    await expect(store.get(keyOf('any'))).rejects.toMatchObject({ code: 'CONFIG_ERROR', message })

    expect(proxy.operations.length - before).toBe(1)
  })

  test('an unforeseen refusal is an outage, told by name alone', async () => {
    const store = openFaulty()
    proxy.faults.push(awsFault('SomethingNewException'))

    await expect(store.get(keyOf('any'))).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      options: { detail: 'SomethingNewException' },
    })
  })

  test('a table that is not there is named', async () => {
    await expect(open({}, createTestClock(), 'another_table').get(keyOf('any'))).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringMatching(/^STATE_TABLE /),
    })
  })
})

test('a body that DynamoDB would refuse is refused before anything is sent', async () => {
  const store = openFaulty()
  const before = proxy.operations.length

  const put = store.putIfAbsent(keyOf('large'), { version: 'v1', body: '名'.repeat(130 * 1024) })

  await expect(put).rejects.toThrow(RangeError)
  expect(proxy.operations.length - before).toBe(0)
})

test('credentials that change under a living store are used from the next request on', async () => {
  const environment: Record<string, string> = { ...stateTable.environment, AWS_SECRET_ACCESS_KEY: '' }
  const store = createDynamoDbStore({
    table: TABLE,
    environment,
    clock: createTestClock(),
    random: systemRandom,
    transport,
  })
  await expect(store.get(keyOf('any'))).rejects.toMatchObject({
    code: 'CONFIG_ERROR',
    message: 'AWS_SECRET_ACCESS_KEY is missing.',
  })

  environment.AWS_SECRET_ACCESS_KEY = 'fresh'

  expect(await store.get(keyOf('never written'))).toBeUndefined()
})
