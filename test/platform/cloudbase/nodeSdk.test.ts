import dns from 'node:dns'
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Environment } from '../../../shared/core/config.ts'
import { startFakeCloudBase } from '../../support/fakeCloudBase.ts'
import { createFakeDatabase } from '../../support/fakeCloudBaseDatabase.ts'
import { promptRandom } from '../../support/promptRandom.ts'
import { createTestClock } from '../../support/testClock.ts'

/** What a deployment outside CloudBase sets. */
const OUTSIDE = {
  TCB_ENV: 'shop-1a2b3c',
  TENCENTCLOUD_SECRETID: 'id-1',
  TENCENTCLOUD_SECRETKEY: 'key-1',
}

/** What CloudBase sets. */
const ON_CLOUDBASE = {
  SCF_NAMESPACE: 'shop-1a2b3c',
  TENCENTCLOUD_RUNENV: 'SCF',
  TENCENTCLOUD_REGION: 'ap-shanghai',
  TENCENTCLOUD_SECRETID: 'id-1',
  TENCENTCLOUD_SECRETKEY: 'key-1',
  TENCENTCLOUD_SESSIONTOKEN: 'session-1',
}

const own = process.env
/** The hosts that were asked for. There is no network. */
let hosts: Set<string>

beforeEach(() => {
  hosts = new Set()
  const { lookup } = dns
  vi.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: unknown[]) => {
    if (isIP(host)) return (lookup as (...all: unknown[]) => void)(host, ...rest)

    hosts.add(host)
    const answer = rest.at(-1) as (error: Error) => void
    process.nextTick(answer, Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }))
  }) as typeof dns.lookup)
})
afterEach(() => {
  vi.restoreAllMocks()
  process.env = own
})

/** The store of a process that has just started in this environment. */
async function openStore(environment: Environment) {
  process.env = { ...environment }
  vi.resetModules()
  const { createCloudBaseStore } = await import('../../../shared/platform/cloudbase/database/store.ts')
  return createCloudBaseStore({
    collection: 'weapp_functions',
    clock: createTestClock(),
    random: promptRandom,
  })
}

async function startCloudBase() {
  const database = createFakeDatabase('weapp_functions')
  const cloudBase = await startFakeCloudBase({ database })
  onTestFinished(cloudBase.close)
  return { ...cloudBase, address: { TCB_CONTEXT_CNFG: cloudBase.environment.TCB_CONTEXT_CNFG } }
}

describe('a deployment that lacks what the SDK needs is told, and the process lives on', () => {
  test.each([
    ['TENCENTCLOUD_SECRETID', undefined],
    ['TENCENTCLOUD_SECRETKEY', undefined],
    ['TCB_ENV', undefined],
    ['TCB_ENV', 'Not An Environment'],
  ])('%s: %s', async (name, value) => {
    const store = await openStore({ ...OUTSIDE, [name]: value })

    await expect(store.get('any')).rejects.toMatchObject({
      code: 'CONFIG_ERROR',
      message: expect.stringContaining(name),
    })
    expect(hosts).toEqual(new Set())
  })

  test('credentials that are gone later', async () => {
    const { address, secretIds } = await startCloudBase()
    const store = await openStore({ ...OUTSIDE, ...address })
    expect(await store.get('any')).toBeUndefined()

    delete process.env.TENCENTCLOUD_SECRETKEY

    await expect(store.get('any')).rejects.toMatchObject({ code: 'CONFIG_ERROR' })
    expect(secretIds).toEqual(['id-1'])
  })
})

test('credentials that change between calls are used from the next request on', async () => {
  const { address, secretIds } = await startCloudBase()
  const store = await openStore({ ...ON_CLOUDBASE, ...address })

  await store.get('any')
  Object.assign(process.env, { TENCENTCLOUD_SECRETID: 'id-2', TENCENTCLOUD_SECRETKEY: 'key-2' })
  await store.get('any')

  expect(secretIds).toEqual(['id-1', 'id-2'])
})

describe('is reached', () => {
  test.each<[string, Environment, string]>([
    ['from outside by its public address', OUTSIDE, 'shop-1a2b3c.tcb-api.tencentcloudapi.com'],
    [
      'from outside in its region',
      { ...OUTSIDE, TENCENTCLOUD_REGION: 'ap-guangzhou' },
      'shop-1a2b3c.ap-guangzhou.tcb-api.tencentcloudapi.com',
    ],
    [
      'on CloudBase by the SDK’s own',
      ON_CLOUDBASE,
      'shop-1a2b3c.internal.ap-shanghai.tcb-api.tencentcloudapi.com',
    ],
    [
      'on a machine that says it is Tencent’s by the SDK’s own',
      { ...OUTSIDE, TENCENTCLOUD: 'true' },
      'shop-1a2b3c.internal.tcb-api.tencentcloudapi.com',
    ],
  ])('%s, and no metadata service is asked', async (_, environment, host) => {
    const store = await openStore(environment)

    await expect(store.get('any')).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
      options: { detail: 'get: ENOTFOUND' },
    })

    expect(hosts).toEqual(new Set([host]))
  })

  test('under another address where the environment names one, and no metadata service is asked', async () => {
    const { address } = await startCloudBase()
    const store = await openStore({ ...OUTSIDE, ...address })

    expect(await store.putIfAbsent('a', { version: 'v1', body: 'b' })).toBe(true)
    expect(await store.get('a')).toEqual({ version: 'v1', body: 'b' })

    expect(hosts).toEqual(new Set())
  })

  test('on CloudBase without a change to what the environment says', async () => {
    const { address } = await startCloudBase()
    const store = await openStore({ ...ON_CLOUDBASE, ...address })

    await store.get('any')

    expect(process.env.TENCENTCLOUD).toBeUndefined()
  })
})

test('one process loads the SDK once, however many ask at once', async () => {
  process.env = { ...OUTSIDE }
  vi.resetModules()
  const { loadNodeSdk } = await import('../../../shared/platform/cloudbase/nodeSdk.ts')

  const loaded = await Promise.all([loadNodeSdk(), loadNodeSdk(), loadNodeSdk()])

  expect(new Set(loaded).size).toBe(1)
})

test('the SDK is the copy that wx-server-sdk brings along', () => {
  const require = createRequire(import.meta.url)

  expect(createRequire(require.resolve('wx-server-sdk')).resolve('@cloudbase/node-sdk')).toBe(
    require.resolve('@cloudbase/node-sdk'),
  )
})
