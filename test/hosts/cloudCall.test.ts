import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Phone } from '../../scripts/simulator/phone.ts'
import { pngOf } from '../core/imageSamples.ts'
import { cloudCallToSimulator } from '../support/cloudCallToSimulator.ts'
import { type FakeCloudBase, startFakeCloudBase } from '../support/fakeCloudBase.ts'
import { APP_ID, APP_SECRET } from '../support/world.ts'
import { type Backend, startBackend } from './support/backend.ts'
import { byPush, byTimer, callFunctionBy } from './support/cloudBaseCalls.ts'
import { invokeInScf } from './support/scfBootstrap.ts'
import { walk } from './support/walk.ts'

const FOLDER = join(inject('artifacts'), 'cloudbase')
const FILE = 'cloud://test-env.7465/voices/1.mp3'
const LINK = 'https://test-env.tcb.qcloud.la/voices/1.mp3?sign=abc'

let backend: Backend
let cloudBase: FakeCloudBase

beforeAll(async () => {
  backend = await startBackend()
  cloudBase = await startFakeCloudBase({
    openApi: cloudCallToSimulator(backend.simulator, { appId: APP_ID, appSecret: APP_SECRET }),
    temporaryUrl: (fileId) => (fileId === FILE ? LINK : undefined),
  })
})

afterAll(async () => {
  await cloudBase?.close()
  await backend.close()
})

/** Calls a built function in its own process, with the real SDK beside it and a CloudBase on this machine. */
const invoke = (
  name: string,
  call: { event: unknown; attested: Readonly<Record<string, string>> },
  changed: Readonly<Record<string, string>> = {},
) =>
  invokeInScf(join(FOLDER, name), {
    ...call,
    environment: { ...backend.environment, ...cloudBase.environment, ...changed },
  })

const callWithoutSecret = (phone: Phone, name: string, data: object) =>
  invoke(name, callFunctionBy(phone, data), { WECHAT_APP_SECRET: '' })

test('with cloud calls asked for, a user is served by all functions', async () => {
  const alice = backend.simulator.phone('alice')

  await walk({
    simulator: backend.simulator,
    phone: alice,
    target: { deliver: (message) => invoke('receiveMessage', byPush(message)) },
    call: ({ name, caller, input }) =>
      invoke(name, caller === 'timer' ? byTimer : callFunctionBy(alice, input), {
        WECHAT_TRANSPORT: 'cloudcall',
      }),
  })

  expect(cloudBase.cloudCalls.map(({ api }) => api)).toEqual([
    'phonenumber.getPhoneNumber',
    'soter.verifySignature',
    'subscribeMessage.send',
    'wxacode.getUnlimited',
    'security.msgSecCheck',
    'security.mediaCheckAsync',
  ])
  expect(backend.simulator.sentMessages).toHaveLength(1)
})

test('without a secret an image is judged, and a cloudID read, by CloudBase', async () => {
  const bob = backend.simulator.phone('bob')
  const image = { type: 'image', scene: 2, imageBase64: pngOf(30, 20).toString('base64') }

  expect(await callWithoutSecret(bob, 'checkContent', image)).toMatchObject({
    ok: true,
    data: { suggest: 'pass' },
  })
  expect(await callWithoutSecret(bob, 'decryptOpenData', bob.cloudId('weRunData'))).toMatchObject({
    ok: true,
    data: { kind: 'weRunData', source: 'cloudID', integrity: 'verified' },
  })
})

test('a file of the storage is submitted by its temporary link', async () => {
  const carol = backend.simulator.phone('carol')
  // WeChat checks for users who were there lately.
  carol.login()

  const reply = await callWithoutSecret(carol, 'checkContent', { type: 'audio', scene: 2, fileID: FILE })

  expect(reply).toMatchObject({ ok: true, data: { suggest: 'pending', traceId: expect.any(String) } })
  expect(backend.simulator.mediaJobs.at(-1)).toMatchObject({ openid: carol.openid, mediaUrl: LINK })
})

test('a file that is not there is told, and nothing is submitted', async () => {
  const dave = backend.simulator.phone('dave')
  const jobs = backend.simulator.mediaJobs.length
  const input = { type: 'audio', scene: 2, fileID: 'cloud://test-env.7465/gone.mp3' }

  expect(await callWithoutSecret(dave, 'checkContent', input)).toMatchObject({
    ok: false,
    error: { code: 'NOT_FOUND', field: 'fileID' },
  })
  expect(backend.simulator.mediaJobs).toHaveLength(jobs)
})

test('what CloudBase does not offer asks for the secret by its name', async () => {
  const erin = backend.simulator.phone('erin')

  expect(await callWithoutSecret(erin, 'login', erin.login())).toMatchObject({
    ok: false,
    error: { code: 'CONFIG_ERROR', message: expect.stringContaining('WECHAT_APP_SECRET') },
  })
  expect(await callWithoutSecret(erin, 'login', {})).toMatchObject({
    ok: true,
    data: { openid: erin.openid },
  })
})

test('a CloudBase that cannot be reached is told as unavailable, and no error leaves', async () => {
  const frank = backend.simulator.phone('frank')
  const nowhere = { TCB_CONTEXT_CNFG: '{"URL":"http://127.0.0.1:1/admin"}', WECHAT_APP_SECRET: '' }
  const check = { type: 'text', scene: 2, content: 'hello' }

  expect(await invoke('checkContent', callFunctionBy(frank, check), nowhere)).toMatchObject({
    ok: false,
    error: { code: 'UPSTREAM_UNAVAILABLE' },
  })
})
