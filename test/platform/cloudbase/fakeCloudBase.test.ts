import tcb from '@cloudbase/node-sdk'
import { expect, onTestFinished, test } from 'vitest'
import { startFakeCloudBase } from '../../support/fakeCloudBase.ts'

test('@cloudbase/node-sdk speaks to the fake as it is', async () => {
  const cloudBase = await startFakeCloudBase({
    actions: {
      'functions.invokeFunction': ({ function_name, request_data }) => ({
        response_data: JSON.stringify({ function_name, request_data }),
      }),
    },
  })
  onTestFinished(cloudBase.close)
  Object.assign(process.env, cloudBase.environment)
  const app = tcb.init({ env: 'test-env', secretId: 'test-id', secretKey: 'test-key' })

  const { result } = await app.callFunction({ name: 'getQrCode', data: { scene: 'a' } })

  expect(result).toEqual({ function_name: 'getQrCode', request_data: '{"scene":"a"}' })
  await expect(app.getTempFileURL({ fileList: ['cloud://test-env.bucket/none.png'] })).resolves.toMatchObject(
    {
      fileList: [{ code: 'STORAGE_FILE_NONEXIST' }],
    },
  )
})
