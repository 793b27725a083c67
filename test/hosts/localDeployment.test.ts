import { expect, onTestFinished, test } from 'vitest'
import { startLocalDeployment } from '../../scripts/localDeployment.ts'

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
