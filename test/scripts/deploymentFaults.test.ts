import { expect, test } from 'vitest'
import { deploymentFaults } from '../../scripts/deploymentFaults.ts'

const ON_AWS = {
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'canary-secret',
  STATE_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}

const ON_CLOUDBASE = {
  ...ON_AWS,
  TCB_ENV_ID: 'env-1',
  STATE_STORE: 'dynamodb',
  AWS_REGION: 'ap-southeast-1',
  AWS_ACCESS_KEY_ID: 'canary-id',
  AWS_SECRET_ACCESS_KEY: 'canary-key',
}

const COMPLETE = { aws: ON_AWS, cloudbase: ON_CLOUDBASE } as const

for (const platform of ['aws', 'cloudbase'] as const) {
  test(`a complete deployment to ${platform} has no faults`, () => {
    expect(deploymentFaults(platform, COMPLETE[platform])).toEqual([])
  })

  for (const name of Object.keys(COMPLETE[platform])) {
    test(`a deployment to ${platform} without ${name}, or with an empty one, is told so`, () => {
      const missing = [`${name} is missing.`]

      expect(deploymentFaults(platform, { ...COMPLETE[platform], [name]: undefined })).toEqual(missing)
      expect(deploymentFaults(platform, { ...COMPLETE[platform], [name]: ' ' })).toEqual(missing)
    })
  }
}

test('a deployment that uses cloud calls needs no secret', () => {
  const { WECHAT_APP_SECRET: _, ...others } = ON_CLOUDBASE

  expect(deploymentFaults('cloudbase', { ...others, WECHAT_TRANSPORT: 'cloudcall' })).toEqual([])
})

test("a deployment whose state is not in DynamoDB needs none of AWS's variables", () => {
  const { AWS_REGION: _1, AWS_ACCESS_KEY_ID: _2, AWS_SECRET_ACCESS_KEY: _3, ...others } = ON_CLOUDBASE

  expect(deploymentFaults('cloudbase', { ...others, STATE_STORE: 'memory' })).toEqual([])
})

test('a malformed variable is named without its value', () => {
  const faults = deploymentFaults('aws', { ...ON_AWS, STATE_KEYS: 'canary-key', SERVER_KEY: 'canary-short' })

  expect(faults).toEqual(['STATE_KEYS is malformed.', 'SERVER_KEY is malformed.'])
})
