import { expect, test } from 'vitest'
import { readAwsSettings } from '../../../shared/platform/dynamodb/awsSettings.ts'

const COMPLETE = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' }

test.each([
  ['the region’s own', {}, 'https://dynamodb.eu-west-1.amazonaws.com/'],
  ['the one in China', { AWS_REGION: 'cn-north-1' }, 'https://dynamodb.cn-north-1.amazonaws.com.cn/'],
  ['the one for everything', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }, 'http://127.0.0.1:4566/'],
  [
    'the one for DynamoDB before the one for everything',
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_ENDPOINT_URL_DYNAMODB: 'https://ddb.example.com/v1' },
    'https://ddb.example.com/v1',
  ],
])('the endpoint is %s', (_, environment, endpoint) => {
  expect(readAwsSettings({ ...COMPLETE, ...environment }).endpoint.href).toBe(endpoint)
})

test('the region falls back to AWS_DEFAULT_REGION', () => {
  const { region } = readAwsSettings({ ...COMPLETE, AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' })

  expect(region).toBe('us-west-2')
})

test('a session token is optional, and an empty one is none', () => {
  expect(readAwsSettings({ ...COMPLETE, AWS_SESSION_TOKEN: '' }).credentials).toEqual({
    accessKeyId: 'AKID',
    secretAccessKey: 'secret',
  })
  expect(readAwsSettings({ ...COMPLETE, AWS_SESSION_TOKEN: 'token' }).credentials.sessionToken).toBe('token')
})

test.each([
  ['AWS_REGION', { AWS_REGION: undefined }, 'AWS_REGION is missing.'],
  ['AWS_ACCESS_KEY_ID', { AWS_ACCESS_KEY_ID: undefined }, 'AWS_ACCESS_KEY_ID is missing.'],
  ['AWS_SECRET_ACCESS_KEY', { AWS_SECRET_ACCESS_KEY: '' }, 'AWS_SECRET_ACCESS_KEY is missing.'],
  [
    'AWS_ENDPOINT_URL_DYNAMODB',
    { AWS_ENDPOINT_URL_DYNAMODB: '127.0.0.1:8000' },
    'AWS_ENDPOINT_URL_DYNAMODB is not an http or https URL.',
  ],
])('%s is named when it is at fault', (_, environment, message) => {
  expect(() => readAwsSettings({ ...COMPLETE, ...environment })).toThrow(
    expect.objectContaining({ code: 'CONFIG_ERROR', message }),
  )
})
