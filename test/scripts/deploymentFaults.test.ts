import { expect, test } from 'vitest'
import { deploymentFaults } from '../../scripts/deploymentFaults.ts'

const COMPLETE = {
  TCB_ENV_ID: 'env-1',
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'canary-secret',
  STATE_STORE: 'dynamodb',
  STATE_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}

test('a complete deployment has no faults', () => {
  expect(deploymentFaults(COMPLETE)).toEqual([])
})

for (const name of Object.keys(COMPLETE)) {
  test(`a deployment without ${name}, or with an empty one, is told so`, () => {
    expect(deploymentFaults({ ...COMPLETE, [name]: undefined })).toEqual([`${name} is missing.`])
    expect(deploymentFaults({ ...COMPLETE, [name]: ' ' })).toEqual([`${name} is missing.`])
  })
}

test('a deployment that uses cloud calls needs no secret', () => {
  const { WECHAT_APP_SECRET: _, ...others } = COMPLETE

  expect(deploymentFaults({ ...others, WECHAT_TRANSPORT: 'cloudcall' })).toEqual([])
})

test('a malformed variable is named without its value', () => {
  const faults = deploymentFaults({ ...COMPLETE, STATE_KEYS: 'canary-key', SERVER_KEY: 'canary-short' })

  expect(faults).toEqual(['STATE_KEYS is malformed.', 'SERVER_KEY is malformed.'])
})
