import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCloudBaseStore } from '../../../../shared/platform/cloudbase/database/store.ts'
import { systemClock } from '../../../../shared/platform/systemClock.ts'
import type { Clock } from '../../../../shared/ports/clock.ts'
import type { StateStore } from '../../../../shared/ports/stateStore.ts'
import { type FakeCloudBase, startFakeCloudBase } from '../../../support/fakeCloudBase.ts'
import { createFakeDatabase, type DatabaseFault } from '../../../support/fakeCloudBaseDatabase.ts'
import { promptRandom } from '../../../support/promptRandom.ts'
import { describeStateStore } from '../../../support/stateStoreContract.ts'
import { describeLateWrites, recordOf, type StoreUnderTest } from '../../../support/stateStoreFaults.ts'
import { createTestClock, NOW_MS } from '../../../support/testClock.ts'

const COLLECTION = 'weapp_functions'

const database = createFakeDatabase(COLLECTION)
let cloudBase: FakeCloudBase

beforeAll(async () => {
  cloudBase = await startFakeCloudBase({ database })
  Object.assign(process.env, cloudBase.environment)
})
afterAll(() => cloudBase.close())

const open = (clock: Clock = createTestClock(), collection = COLLECTION): StateStore =>
  createCloudBaseStore({ collection, clock, random: promptRandom })

const WIRE_FAULTS = {
  none: undefined,
  throttled: { code: 'EXCEED_CONCURRENT_REQUEST_LIMIT' },
  refused: 'resetBefore',
  answerLost: 'resetAfter',
  late: 'late',
} as const satisfies Record<string, DatabaseFault | undefined>

const disturb = (...faults: (DatabaseFault | undefined)[]): void => {
  database.faults.splice(0, Number.POSITIVE_INFINITY, ...faults)
}

/** The real SDK, to a database that carries its requests out. */
const subject: StoreUnderTest = {
  open,
  openOverWire: open,
  wire: () => ({
    disturb: (...faults) => disturb(...faults.map((fault) => WIRE_FAULTS[fault])),
    cut: (isCut) => {
      database.isDown = isCut
    },
    countRequests: () => database.operations.length,
    deliverLate: () => database.deliverLate(),
  }),
}

describeStateStore('the CloudBase store', subject)
describeLateWrites(subject)

const keyOf = (name: string): string => `wx1:test:${name}`

describe('costs', () => {
  test.each<[string, (store: StateStore, key: string) => Promise<unknown>, readonly string[]]>([
    ['a read', (store, key) => store.get(key), ['getDocument']],
    ['a first put', (store, key) => store.putIfAbsent(`${key}:new`, recordOf('v1')), ['insertDocument']],
    [
      'a refused put',
      (store, key) => store.putIfAbsent(key, recordOf('v2')),
      ['insertDocument', 'getDocument'],
    ],
    [
      'a put over what has ended',
      (store, key) => store.putIfAbsent(`${key}:ended`, recordOf('v2')),
      ['insertDocument', 'getDocument', 'modifyDocument'],
    ],
    ['a replacement', (store, key) => store.compareAndSet(key, 'v1', recordOf('v2')), ['modifyDocument']],
    ['a refused one', (store, key) => store.compareAndSet(key, 'v0', recordOf('v2')), ['modifyDocument']],
    ['a deletion', (store, key) => store.deleteIf(key, 'v1'), ['modifyDocument']],
  ])('%s: its requests and no others', async (name, operate, actions) => {
    const store = open()
    const key = keyOf(`costs of ${name}`)
    await store.putIfAbsent(key, recordOf('v1'))
    await store.putIfAbsent(`${key}:ended`, recordOf('v1', { expiresAtMs: NOW_MS }))
    const before = database.operations.length

    await operate(store, key)

    expect(database.operations.slice(before)).toEqual(actions.map((action) => `database.${action}`))
  })
})

describe('what is at rest', () => {
  test('a record is one document, under its key', async () => {
    await open().putIfAbsent(keyOf('rest'), { version: 'v1', body: 'b', expiresAtMs: NOW_MS + 1 })

    expect(database.documents(COLLECTION)).toContainEqual({
      _id: keyOf('rest'),
      version: 'v1',
      body: 'b',
      expiresAtMs: NOW_MS + 1,
    })
  })

  test('nothing is left of a deleted record but a mark that tells when it was made', async () => {
    const store = open()
    await store.putIfAbsent(keyOf('deleted'), { version: 'v1', body: 'secret' })
    await store.deleteIf(keyOf('deleted'), 'v1')

    expect(database.documents(COLLECTION)).toContainEqual({
      _id: keyOf('deleted'),
      version: expect.stringMatching(/^[\w-]{16}$/),
      body: '',
      expiresAtMs: -NOW_MS,
    })
  })

  test('what is no record of ours is never taken for one', async () => {
    await open().putIfAbsent(keyOf('foreign'), recordOf('v1'))
    const foreign = database.documents(COLLECTION).find(({ _id }) => _id === keyOf('foreign'))
    delete foreign?.body

    await expect(open().get(keyOf('foreign'))).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' })
  })

  test('a body over 380 KB is refused before anything is sent', async () => {
    const before = database.operations.length

    await expect(
      open().putIfAbsent(keyOf('large'), { version: 'v1', body: '名'.repeat(130 * 1024) }),
    ).rejects.toThrow(RangeError)

    expect(database.operations.length).toBe(before)
  })
})

describe('what passes is repeated', () => {
  test.each<[string, DatabaseFault]>([
    ['too many requests at once', { code: 'EXCEED_CONCURRENT_REQUEST_LIMIT' }],
    ['too many requests', { code: 'EXCEED_REQUEST_LIMIT' }],
    ['a rate limit', { code: 'EXCEED_RATELIMIT' }],
    ['a database without a reason', { code: 'DATABASE_REQUEST_FAILED' }],
    ['a timeout on the other side', { code: 'SERVER_TIMEOUT' }],
    ['an inner error', { code: 'SYS_ERR' }],
    ['HTTP 500', { status: 500 }],
    ['HTTP 429', { status: 429 }],
    ['an answer that is no JSON', { text: '<html>welcome</html>' }],
    ['half an answer', { text: '{"data', isCarriedOut: true }],
    ['an empty answer', { text: '', isCarriedOut: true }],
    ['an answer without data', { text: '{}', isCarriedOut: true }],
    ['a reset connection', 'resetBefore'],
  ])('%s costs a repeat and nothing else', async (name, fault) => {
    const store = open()
    disturb(fault, fault)
    expect(await store.putIfAbsent(keyOf(name), recordOf('v1'))).toBe(true)
    disturb(fault, fault)
    expect(await store.get(keyOf(name))).toEqual(recordOf('v1'))
    disturb(fault, fault)
    expect(await store.deleteIf(keyOf(name), 'v1')).toBe(true)
  })

  test('a database that never answers is given up before its caller has run out of time', async () => {
    const before = database.operations.length
    disturb('hang', 'hang', 'hang', 'hang')

    await expect(open(systemClock).get(keyOf('any'))).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      options: { detail: 'get: no answer in time' },
    })

    expect(database.operations.length - before).toBe(3)
    disturb()
  })
})

test('connections that hang do not use up those that could be made', async () => {
  const store = open(systemClock)
  disturb(...Array.from({ length: 120 * 3 }, () => 'hang' as const))
  const hanging = await Promise.allSettled(Array.from({ length: 120 }, () => store.get(keyOf('any'))))
  expect(new Set(hanging.map(({ status }) => status))).toEqual(new Set(['rejected']))
  disturb()

  expect(await store.putIfAbsent(keyOf('after a hang'), recordOf('v1'))).toBe(true)
})

describe('what lasts is named and is not repeated', () => {
  test.each([
    [
      'DATABASE_COLLECTION_NOT_EXIST',
      'STATE_TABLE names a collection that does not exist: create it in the environment.',
    ],
    [
      'DATABASE_PERMISSION_DENIED',
      'TENCENTCLOUD credentials do not allow reading and writing the collection STATE_TABLE.',
    ],
    ['SIGN_PARAM_INVALID', 'TENCENTCLOUD credentials have a wrong secret key, or the clock is off.'],
    ['INVALID_CREDENTIALS', 'TENCENTCLOUD credentials are not accepted.'],
    ['INVALID_ENV', 'TCB_ENV names an environment that does not exist in this account.'],
    ['RESOURCE_NOT_INITIAL', 'TCB_ENV names an environment that has no database yet.'],
  ])('%s is told as “%s”', async (code, message) => {
    const before = database.operations.length
    disturb({ code, message: 'canary' })

    const failure = await open()
      .get(keyOf('any'))
      .catch((thrown: unknown) => thrown)

    expect(failure).toMatchObject({ code: 'CONFIG_ERROR', message })
    expect(JSON.stringify(failure)).not.toContain('canary')
    expect(database.operations.length - before).toBe(1)
  })

  test.each<[DatabaseFault, string]>([
    [{ code: 'SOMETHING_NEW', message: 'canary' }, 'get: SOMETHING_NEW'],
    [{ code: 'EXCEED_REQUEST_SIZE_LIMIT', message: 'canary' }, 'get: EXCEED_REQUEST_SIZE_LIMIT'],
    [{ status: 403 }, 'get: HTTP 403'],
  ])('an unforeseen refusal is an outage, told by name alone: %o', async (fault, detail) => {
    const before = database.operations.length
    disturb(fault)

    const failure = await open()
      .get(keyOf('any'))
      .catch((thrown: unknown) => thrown)

    expect(failure).toMatchObject({ code: 'STATE_UNAVAILABLE', options: { detail } })
    expect(JSON.stringify(failure)).not.toContain('canary')
    expect(database.operations.length - before).toBe(1)
  })

  test('a collection that is not there is named, whatever is asked of it', async () => {
    const store = open(createTestClock(), 'another_collection')
    const refused = { code: 'CONFIG_ERROR', message: expect.stringMatching(/^STATE_TABLE /) }

    await expect(store.get(keyOf('any'))).rejects.toMatchObject(refused)
    await expect(store.putIfAbsent(keyOf('any'), recordOf('v1'))).rejects.toMatchObject(refused)
    await expect(store.deleteIf(keyOf('any'), 'v1')).rejects.toMatchObject(refused)
    await expect(store.sweep?.(NOW_MS, 10)).rejects.toMatchObject(refused)
  })
})
