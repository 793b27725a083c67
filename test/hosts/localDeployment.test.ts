import { expect, onTestFinished, test } from 'vitest'
import { type LocalDeployment, startLocalDeployment } from '../../scripts/localDeployment.ts'
import { startFakeCloudBase } from '../support/fakeCloudBase.ts'
import { createFakeDatabase } from '../support/fakeCloudBaseDatabase.ts'

async function start(environment: Readonly<Record<string, string>> = {}) {
  const deployment = await startLocalDeployment({ environment, port: 0, simulatorPort: 0, output: 'ignore' })
  onTestFinished(deployment.close)
  const { simulator } = deployment
  if (!simulator) throw new Error('there is no simulated WeChat')
  return { ...deployment, simulator }
}

async function post({ url }: Pick<LocalDeployment, 'url'>, name: string, input: object): Promise<unknown> {
  return (await fetch(`${url}/${name}`, { method: 'POST', body: JSON.stringify(input) })).json()
}

test('restarts that are asked for at once all succeed, one after the other', async () => {
  const deployment = await start()

  await Promise.all([deployment.restart(), deployment.restart(), deployment.restart()])

  const phone = deployment.simulator.phone('alice')
  expect(await post(deployment, 'login', phone.login())).toMatchObject({
    ok: true,
    data: { openid: phone.openid },
  })
})

test('the simulated WeChat pushes to the functions, before and after a restart', async () => {
  const { simulator, restart } = await start()
  expect(await simulator.verifyPushUrl()).toMatchObject({ isVerified: true })

  simulator.phone('alice').sendText('hi')
  await simulator.pushesDone()
  await restart()
  simulator.phone('alice').sendText('there')
  await simulator.pushesDone()

  const acknowledged = { outcome: 'acknowledged', attempts: [{ body: 'success' }] }
  expect(simulator.pushes).toMatchObject([acknowledged, acknowledged])
})

test('the state of one machine is kept in CloudBase when that is asked for', async () => {
  const database = createFakeDatabase('weapp_functions')
  const cloudBase = await startFakeCloudBase({ database })
  onTestFinished(cloudBase.close)
  const deployment = await start({ ...cloudBase.environment, STATE_STORE: 'cloudbase' })

  const login = deployment.simulator.phone('alice').login()

  expect(await post(deployment, 'login', login)).toMatchObject({
    ok: true,
    data: { token: expect.any(String) },
  })
  expect(database.documents('weapp_functions')).not.toEqual([])
})
