import { afterAll, beforeAll, expect, test } from 'vitest'
import checkContent from '../../../functions/checkContent/index.ts'
import getQrCode from '../../../functions/getQrCode/index.ts'
import sendSubscribeMessage from '../../../functions/sendSubscribeMessage/index.ts'
import { cloud } from '../../../shared/platform/cloudbase/cloud.ts'
import { cloudCallToSimulator } from '../../support/cloudCallToSimulator.ts'
import { type FakeCloudBase, startFakeCloudBase } from '../../support/fakeCloudBase.ts'
import type { CloudCall } from '../../support/openApiWire.ts'
import { APP_ID, APP_SECRET, createWorld, dataOf, TEMPLATE_ID, type World } from '../../support/world.ts'

const FILE_ID = 'cloud://test-env.bucket/voice.mp3'
const FILE_URL = 'https://bucket.tcb.qcloud.la/voice.mp3?sign=1'

let cloudBase: FakeCloudBase
let carryOut: ReturnType<typeof cloudCallToSimulator>

beforeAll(async () => {
  cloudBase = await startFakeCloudBase({
    openApi: (call: CloudCall) => carryOut(call),
    temporaryUrl: (fileId) => (fileId === FILE_ID ? FILE_URL : undefined),
  })
  Object.assign(process.env, cloudBase.environment)
})
afterAll(() => cloudBase.close())

/** A deployment on CloudBase as WeChat's developer tools make it: without a secret. */
async function createCloudWorld(): Promise<World> {
  const world = await createWorld({ environment: { WECHAT_APP_SECRET: '' }, effects: { cloud } })
  carryOut = cloudCallToSimulator(world.simulator, { appId: APP_ID, appSecret: APP_SECRET })
  return world
}

test('without a secret WeChat is reached by cloud call', async () => {
  const world = await createCloudWorld()
  const alice = world.wechatUser('alice')
  world.simulator.phone('alice').acceptSubscribe(TEMPLATE_ID)
  const message = { templateId: TEMPLATE_ID, data: { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' } }

  const sent = dataOf(await world.call(sendSubscribeMessage, message, alice))

  expect(sent).toEqual({ status: 'sent', msgid: '1864323726461255681' })
  expect(world.simulator.sentMessages).toHaveLength(1)
})

test('an image travels both ways in a cloud call', async () => {
  const world = await createCloudWorld()
  const alice = world.wechatUser('alice')

  const code = dataOf(await world.call(getQrCode, { scene: 'table-7', width: 280 }, alice))
  const image = { type: 'image', scene: 1, imageBase64: code.imageBase64 }

  expect(world.simulator.phone('bob').scan(Buffer.from(code.imageBase64 ?? '', 'base64'))).toMatchObject({
    scene: 'table-7',
  })
  expect(dataOf(await world.call(checkContent, image, alice))).toMatchObject({ suggest: 'pass' })
  expect(world.simulator.accepted('/wxa/img_sec_check')).toBe(1)
})

test('a permission that the function lacks is named', async () => {
  const world = await createCloudWorld()
  carryOut = async () => ({ errorCode: -604101 })
  const input = { type: 'text', scene: 1, content: 'tea' }

  expect(await world.call(checkContent, input, world.wechatUser('alice'))).toMatchObject({
    error: {
      code: 'CONFIG_ERROR',
      message: expect.stringContaining('permissions.openapi'),
      upstream: { errcode: -604101 },
    },
  })
})

test("WeChat's refusal of a cloud call reads like one over HTTPS", async () => {
  const world = await createCloudWorld()
  const message = { templateId: TEMPLATE_ID, data: { thing1: 'tea', date2: '2026-01-15', amount3: '¥12' } }

  expect(await world.call(sendSubscribeMessage, message, world.wechatUser('alice'))).toMatchObject({
    ok: false,
    error: { code: 'USER_REFUSED', upstream: { errcode: 43101, rid: expect.stringMatching(/^[0-9a-f-]+$/) } },
  })
})

test('a file of the storage is judged under a link that WeChat can fetch', async () => {
  const world = await createCloudWorld()
  world.simulator.phone('alice').login()

  const data = dataOf(
    await world.call(checkContent, { type: 'audio', scene: 1, fileID: FILE_ID }, world.wechatUser('alice')),
  )

  expect(data).toMatchObject({ suggest: 'pending', traceId: expect.any(String) })
  expect(world.simulator.mediaJobs).toMatchObject([{ mediaUrl: FILE_URL, mediaType: 1 }])
})

test('a file that is not there is NOT_FOUND, and nothing is submitted', async () => {
  const world = await createCloudWorld()
  const input = { type: 'image', scene: 1, fileID: 'cloud://test-env.bucket/none.png' }

  expect(await world.call(checkContent, input, world.wechatUser('alice'))).toMatchObject({
    ok: false,
    error: { code: 'NOT_FOUND', field: 'fileID' },
  })
  expect(world.simulator.requests()).toEqual([])
})
