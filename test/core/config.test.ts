import { describe, expect, test } from 'vitest'
import { Config, type Variable } from '../../shared/core/config.ts'
import { toFailure } from '../../shared/function/reply.ts'
import { stateKeys } from '../support/keyRing.ts'

const KEY = 'A'.repeat(43)

/** Each variable with the getter that reads it. */
const READ = {
  WECHAT_APP_ID: ({ appId }) => appId,
  WECHAT_APP_SECRET: ({ appSecret }) => appSecret,
  WECHAT_API_BASE_URL: ({ apiBaseUrl }) => apiBaseUrl,
  WECHAT_TRANSPORT: ({ transport }) => transport,
  WECHAT_TOKEN_MODE: ({ tokenMode }) => tokenMode,
  WECHAT_SUBSCRIBE_TEMPLATES: ({ subscribeTemplates }) => subscribeTemplates,
  STATE_STORE: ({ stateStore }) => stateStore,
  STATE_TABLE: ({ stateTable }) => stateTable,
  STATE_KEYS: ({ stateKeys: keys }) => keys,
  SERVER_KEY: ({ serverKey }) => serverKey,
  SESSION_TTL_SECONDS: ({ sessionTtlSeconds }) => sessionTtlSeconds,
  SESSION_IDLE_SECONDS: ({ sessionIdleSeconds }) => sessionIdleSeconds,
  OPEN_DATA_MAX_AGE_SECONDS: ({ openDataMaxAgeSeconds }) => openDataMaxAgeSeconds,
  OPEN_DATA_ONE_TIME: ({ isOpenDataOneTime }) => isOpenDataOneTime,
  SOTER_CHALLENGE_TTL_SECONDS: ({ soterChallengeTtlSeconds }) => soterChallengeTtlSeconds,
  SUBSCRIBE_LEDGER: ({ subscribeLedger }) => subscribeLedger,
  USER_SENDS_PER_DAY: ({ userSendsPerDay }) => userSendsPerDay,
  USER_TEMPLATE_SENDS_PER_DAY: ({ userTemplateSendsPerDay }) => userTemplateSendsPerDay,
  TEMPLATE_SENDS_PER_DAY: ({ templateSendsPerDay }) => templateSendsPerDay,
  USER_CODES_PER_DAY: ({ userCodesPerDay }) => userCodesPerDay,
  LIMITED_CODE_STOCK: ({ limitedCodeStock }) => limitedCodeStock,
  MEDIA_HOSTS: ({ mediaHosts }) => mediaHosts,
  LOG_LEVEL: ({ logLevel }) => logLevel,
} satisfies Partial<Record<Variable, (config: Config) => unknown>>

type Read = keyof typeof READ

/** What a caller is told of a variable: its value, or the failure that a call would end with. */
function ask(name: Read, value: string | undefined): unknown {
  try {
    return READ[name](new Config({ [name]: value }))
  } catch (thrown) {
    return toFailure(thrown, 'request-1').error
  }
}

const configError = (name: string, fault: string) => ({
  code: 'CONFIG_ERROR',
  message: `${name} ${fault}.`,
  retryable: false,
  requestId: 'request-1',
})

describe('a variable that is missing', () => {
  test.each<[Read]>([['WECHAT_APP_ID'], ['WECHAT_APP_SECRET'], ['STATE_STORE'], ['STATE_KEYS']])(
    '%s is an error that names it',
    (name) => {
      for (const nothing of [undefined, '', '   '])
        expect(ask(name, nothing)).toEqual(configError(name, 'is missing'))
    },
  )

  test.each<[Read, unknown]>([
    ['WECHAT_API_BASE_URL', 'https://api.weixin.qq.com'],
    ['WECHAT_TRANSPORT', undefined],
    ['WECHAT_TOKEN_MODE', 'stable'],
    ['WECHAT_SUBSCRIBE_TEMPLATES', []],
    ['STATE_TABLE', 'weapp_functions'],
    ['SERVER_KEY', undefined],
    ['SESSION_TTL_SECONDS', 604_800],
    ['SESSION_IDLE_SECONDS', 259_200],
    ['OPEN_DATA_MAX_AGE_SECONDS', 300],
    ['OPEN_DATA_ONE_TIME', false],
    ['SOTER_CHALLENGE_TTL_SECONDS', 120],
    ['SUBSCRIBE_LEDGER', 'advise'],
    ['USER_SENDS_PER_DAY', 1000],
    ['USER_TEMPLATE_SENDS_PER_DAY', 500],
    ['TEMPLATE_SENDS_PER_DAY', undefined],
    ['USER_CODES_PER_DAY', 2000],
    ['LIMITED_CODE_STOCK', 100_000],
    ['MEDIA_HOSTS', []],
    ['LOG_LEVEL', 'info'],
  ])('%s falls back to %j', (name, fallback) => {
    for (const nothing of [undefined, '', '   ']) expect(ask(name, nothing)).toEqual(fallback)
  })
})

test.each<[Read, string, unknown]>([
  ['WECHAT_APP_ID', ' wx0123456789abcdef ', 'wx0123456789abcdef'],
  ['WECHAT_API_BASE_URL', 'http://127.0.0.1:8788/', 'http://127.0.0.1:8788'],
  ['WECHAT_API_BASE_URL', 'https://proxy.example.com/wechat', 'https://proxy.example.com/wechat'],
  ['WECHAT_TRANSPORT', 'cloudcall', 'cloudcall'],
  ['WECHAT_TOKEN_MODE', 'classic', 'classic'],
  ['WECHAT_SUBSCRIBE_TEMPLATES', 'a, b,,c ', ['a', 'b', 'c']],
  ['STATE_STORE', 'dynamodb', 'dynamodb'],
  ['STATE_TABLE', 'my-table.v2', 'my-table.v2'],
  ['SESSION_TTL_SECONDS', '60', 60],
  ['SESSION_IDLE_SECONDS', '3600', 3600],
  ['OPEN_DATA_ONE_TIME', 'true', true],
  ['OPEN_DATA_ONE_TIME', 'false', false],
  ['SUBSCRIBE_LEDGER', 'enforce', 'enforce'],
  ['USER_SENDS_PER_DAY', '1', 1],
  ['TEMPLATE_SENDS_PER_DAY', '9999999999', 9_999_999_999],
  ['LIMITED_CODE_STOCK', '0', 0],
  ['LIMITED_CODE_STOCK', '90000', 90_000],
  ['MEDIA_HOSTS', 'cdn.example.com,*.example.org', ['cdn.example.com', '*.example.org']],
  ['LOG_LEVEL', 'silent', 'silent'],
])('%s may be %j', (name, value, read) => {
  expect(ask(name, value)).toEqual(read)
})

describe('a variable that is malformed is an error that names it and not its value', () => {
  test.each<[Read, string]>([
    ['WECHAT_APP_ID', 'wx canary'],
    ['WECHAT_APP_ID', 'wx:canary'],
    ['WECHAT_APP_SECRET', 'a canary'],
    ['WECHAT_API_BASE_URL', 'canary'],
    ['WECHAT_API_BASE_URL', 'ftp://canary'],
    ['WECHAT_API_BASE_URL', 'https://canary:canary@api.weixin.qq.com'],
    ['WECHAT_API_BASE_URL', 'https://api.weixin.qq.com?access_token=canary'],
    ['WECHAT_API_BASE_URL', 'https://api.weixin.qq.com#canary'],
    ['WECHAT_TRANSPORT', 'canary'],
    ['WECHAT_TOKEN_MODE', 'Stable'],
    ['STATE_STORE', 'canary'],
    ['STATE_TABLE', 'canary table'],
    ['STATE_KEYS', 'canary'],
    ['STATE_KEYS', `${KEY}=`],
    ['STATE_KEYS', `k1:${KEY}`],
    ['STATE_KEYS', 'k1:Y2FuYXJ5'],
    ['STATE_KEYS', `k1:${KEY}=,k1:${KEY}=`],
    ['STATE_KEYS', `k1:${KEY}=,canary`],
    ['STATE_KEYS', `k.1:${KEY}=`],
    ['STATE_KEYS', ','],
    ['SERVER_KEY', 'canary'],
    ['SERVER_KEY', 'x'.repeat(31)],
    ['SESSION_TTL_SECONDS', '0'],
    ['SESSION_TTL_SECONDS', '-1'],
    ['SESSION_TTL_SECONDS', '1.5'],
    ['SESSION_TTL_SECONDS', '1e3'],
    ['SESSION_TTL_SECONDS', '0x10'],
    ['SESSION_TTL_SECONDS', '7 days'],
    ['SESSION_IDLE_SECONDS', '0'],
    ['SESSION_IDLE_SECONDS', 'canary'],
    ['OPEN_DATA_MAX_AGE_SECONDS', 'canary'],
    ['OPEN_DATA_ONE_TIME', 'True'],
    ['OPEN_DATA_ONE_TIME', '1'],
    ['SOTER_CHALLENGE_TTL_SECONDS', 'NaN'],
    ['SUBSCRIBE_LEDGER', 'canary'],
    ['USER_SENDS_PER_DAY', '0'],
    ['USER_TEMPLATE_SENDS_PER_DAY', '000'],
    ['TEMPLATE_SENDS_PER_DAY', '0'],
    ['USER_CODES_PER_DAY', '-1'],
    ['USER_CODES_PER_DAY', '10000000000'],
    ['LIMITED_CODE_STOCK', '-0'],
    ['LIMITED_CODE_STOCK', '1e5'],
    ['LOG_LEVEL', 'verbose'],
    ['WECHAT_SUBSCRIBE_TEMPLATES', 'template-1,the canary'],
    ['MEDIA_HOSTS', 'https://cdn.example.com'],
    ['MEDIA_HOSTS', 'cdn.example.com:8443'],
    ['MEDIA_HOSTS', 'canary'],
    ['MEDIA_HOSTS', '*'],
  ])('%s = %j', (name, value) => {
    expect(ask(name, value)).toEqual(configError(name, 'is malformed'))
  })
})

test('the keys are used in their order: the first one seals, all of them open', () => {
  const { stateKeys: keys } = new Config({ STATE_KEYS: stateKeys('k2', 'k1') })

  expect(keys.current).toBe('k2')
  expect([keys.has('k1'), keys.has('k2'), keys.has('k3')]).toEqual([true, true, false])
})

test('secrets do not show when the configuration is printed', () => {
  const config = new Config({ WECHAT_APP_SECRET: 'canary', SERVER_KEY: 'canary'.repeat(6) })

  expect(JSON.stringify([config, config.appSecret, config.serverKey])).not.toContain('canary')
})

test('a variable that is not asked for does not matter', () => {
  const config = new Config({ WECHAT_APP_ID: 'wx1', STATE_KEYS: 'malformed', LOG_LEVEL: 'malformed' })

  expect(config.appId).toBe('wx1')
})
