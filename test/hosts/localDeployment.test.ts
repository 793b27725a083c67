import { expect, onTestFinished, test } from 'vitest'
import { startLocalDeployment } from '../../scripts/localDeployment.ts'
import { startFakeCloudBase } from '../support/fakeCloudBase.ts'
import { createFakeDatabase } from '../support/fakeCloudBaseDatabase.ts'

test('restarts that are asked for at once all succeed, one after the other', async () => {
  const deployment = await startLocalDeployment({
    environment: {},
    port: 0,
    simulatorPort: 0,
    output: 'ignore',
  })
  onTestFinished(deployment.close)

  await Promise.all([deployment.restart(), deployment.restart(), deployment.restart()])

  const phone = deployment.simulator?.phone('alice')
  const response = await fetch(`${deployment.url}/login`, {
    method: 'POST',
    body: JSON.stringify(phone?.login()),
  })
  expect(await response.json()).toMatchObject({ ok: true, data: { openid: phone?.openid } })
})

test('the state of one machine is kept in CloudBase when that is asked for', async () => {
  const database = createFakeDatabase('weapp_functions')
  const cloudBase = await startFakeCloudBase({ database })
  onTestFinished(cloudBase.close)
  const deployment = await startLocalDeployment({
    environment: { ...cloudBase.environment, STATE_STORE: 'cloudbase' },
    port: 0,
    simulatorPort: 0,
    output: 'ignore',
  })
  onTestFinished(deployment.close)

  const body = JSON.stringify(deployment.simulator?.phone('alice').login())
  const response = await fetch(`${deployment.url}/login`, { method: 'POST', body })

  expect(await response.json()).toMatchObject({ ok: true, data: { token: expect.any(String) } })
  expect(database.documents('weapp_functions')).not.toEqual([])
})
