import { describe, expect, test } from 'vitest'
import { deploymentFaults } from '../../scripts/deploymentFaults.ts'

const ON_AWS = {
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'canary-secret',
  STATE_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}

const ON_CLOUDBASE = { ...ON_AWS, TCB_ENV_ID: 'env-1', STATE_STORE: 'cloudbase' }

/** What a deployment sets, each of which it needs. */
const COMPLETE = [
  ['aws', 'its own DynamoDB', ON_AWS],
  [
    'aws',
    "CloudBase's database",
    {
      ...ON_AWS,
      STATE_STORE: 'cloudbase',
      TCB_ENV: 'env-1',
      TENCENTCLOUD_SECRETID: 'canary-id',
      TENCENTCLOUD_SECRETKEY: 'canary-key',
    },
  ],
  ['cloudbase', 'its own database', ON_CLOUDBASE],
  [
    'cloudbase',
    'DynamoDB',
    {
      ...ON_CLOUDBASE,
      STATE_STORE: 'dynamodb',
      AWS_REGION: 'ap-southeast-1',
      AWS_ACCESS_KEY_ID: 'canary-id',
      AWS_SECRET_ACCESS_KEY: 'canary-key',
    },
  ],
] as const

describe.each(COMPLETE)('a deployment to %s with its state in %s', (platform, _, environment) => {
  test('has no faults when it is complete', () => {
    expect(deploymentFaults(platform, environment)).toEqual([])
  })

  const needed = Object.keys(environment).filter((name) => platform !== 'aws' || name !== 'STATE_STORE')

  test.each(needed)('is told that %s is missing, or empty', (name) => {
    const missing = [`${name} is missing.`]

    expect(deploymentFaults(platform, { ...environment, [name]: undefined })).toEqual(missing)
    expect(deploymentFaults(platform, { ...environment, [name]: ' ' })).toEqual(missing)
  })
})

test('a store that is set to nothing is not taken for the default one of AWS', () => {
  expect(deploymentFaults('aws', { ...ON_AWS, STATE_STORE: '' })).toEqual(['STATE_STORE is missing.'])
})

test('a deployment that uses cloud calls needs no secret', () => {
  const { WECHAT_APP_SECRET: _, ...others } = ON_CLOUDBASE

  expect(deploymentFaults('cloudbase', { ...others, WECHAT_TRANSPORT: 'cloudcall' })).toEqual([])
})

test.each(['aws', 'cloudbase'] as const)(
  'state in memory needs no variables of a cloud, on %s',
  (platform) => {
    expect(deploymentFaults(platform, { ...ON_CLOUDBASE, STATE_STORE: 'memory' })).toEqual([])
  },
)

test('a malformed variable is named without its value', () => {
  const faults = deploymentFaults('aws', { ...ON_AWS, STATE_KEYS: 'canary-key', SERVER_KEY: 'canary-short' })

  expect(faults).toEqual(['STATE_KEYS is malformed.', 'SERVER_KEY is malformed.'])
})
