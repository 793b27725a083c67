import { describe, expect, test } from 'vitest'
import { verifyUrl } from '../../shared/push/verifyUrl.ts'
import { officialVector, peerVectors } from '../support/vectors.ts'
import {
  NONCE,
  NOW_MS,
  PLAIN,
  plainPush,
  problemThrownBy,
  refusal,
  settingsOf,
  TIMESTAMP,
  toQuery,
} from './pushes.ts'

const ECHO = '4375120948345356249'

const asked = (parameters: Readonly<Record<string, string | undefined>> = {}) =>
  plainPush('', { parameters: { echostr: ECHO, ...parameters } }).query

const askedAt = (timestamp: string) => plainPush('', { timestamp, parameters: { echostr: ECHO } }).query

describe("WeChat's own request", () => {
  test("is answered with its echostr, as in WeChat's example", () => {
    const { inputs, expected } = officialVector('push/url-verify')
    const { token, timestamp, nonce, echostr } = inputs
    const query = toQuery({ signature: String(expected.signature), echostr, timestamp, nonce })

    const answer = verifyUrl(query, settingsOf({ WECHAT_PUSH_TOKEN: token }), Number(timestamp) * 1000)

    expect(answer).toBe(expected.responseBody)
  })

  test('is answered in plain mode too, and needs neither app id nor key', () => {
    const settings = settingsOf({ ...PLAIN, WECHAT_APP_ID: undefined })

    expect(verifyUrl(asked(), settings, NOW_MS)).toBe(ECHO)
  })

  test.each([
    ['now', 0],
    ['300 s ago', -300],
    ['300 s ahead', 300],
  ])('may be of %s', (_, seconds) => {
    expect(verifyUrl(askedAt(String(NOW_MS / 1000 + seconds)), settingsOf(), NOW_MS)).toBe(ECHO)
  })

  test('may hold parameters of other names, once or more', () => {
    const query = [
      ['debug', '1'],
      ...asked(),
      ['debug', '2'],
      ['signature[]', 'x'],
      ['Signature', 'y'],
    ] as const

    expect(verifyUrl(query, settingsOf(), NOW_MS)).toBe(ECHO)
  })
})

describe('signatures that other libraries know', () => {
  test.each(peerVectors('push-sig/').filter(({ inputs }) => !inputs.encrypt))(
    '$name holds or does not, as they say',
    ({ inputs: { token, timestamp, nonce }, expected }) => {
      const query = toQuery({ signature: String(expected.signature), timestamp, nonce, echostr: ECHO })
      const verify = () =>
        verifyUrl(query, settingsOf({ WECHAT_PUSH_TOKEN: token }), Number(timestamp) * 1000)

      if (expected.ok) expect(verify()).toBe(ECHO)
      else expect(verify).toThrow(refusal('signature does not hold'))
    },
  )
})

describe('a request that is not acceptable is refused', () => {
  const genuine = Object.fromEntries(asked())
  const signature = String(genuine.signature)

  test.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ['without a signature', { signature: undefined }, 'signature does not hold'],
    ['with an empty one', { signature: '' }, 'signature does not hold'],
    ['with another', { signature: `${signature.slice(0, 39)}!` }, 'signature does not hold'],
    ['with one in upper case', { signature: signature.toUpperCase() }, 'signature does not hold'],
    ['with one and a blank', { signature: `${signature} ` }, 'signature does not hold'],
    ['with one and a line break', { signature: `${signature}\n` }, 'signature does not hold'],
    ['with one cut short', { signature: signature.slice(0, 39) }, 'signature does not hold'],
    ['without a timestamp', { timestamp: undefined }, 'timestamp is not within 300 s'],
    ['with another timestamp', { timestamp: String(NOW_MS / 1000 + 1) }, 'signature does not hold'],
    ['without a nonce', { nonce: undefined }, 'nonce is missing or malformed'],
    ['with another nonce', { nonce: '415670742' }, 'signature does not hold'],
    ['without an echostr', { echostr: undefined }, 'echostr is missing or malformed'],
    ['with an empty echostr', { echostr: '' }, 'echostr is missing or malformed'],
    ['with an echostr of two lines', { echostr: '1\n2' }, 'echostr is missing or malformed'],
    ['with a long echostr', { echostr: '1'.repeat(257) }, 'echostr is missing or malformed'],
  ])('%s', (_, parameters, reason) => {
    expect(() => verifyUrl(asked(parameters), settingsOf(), NOW_MS)).toThrow(refusal(reason))
  })

  test.each([
    '',
    '0',
    '-1',
    '+1768464000',
    '1768464000.0',
    ' 1768464000',
    '1768464000\n',
    '01768464000',
    '0x1',
    '1e9',
  ])('with %j for a timestamp, although signed', (timestamp) => {
    expect(() => verifyUrl(askedAt(timestamp), settingsOf(), NOW_MS)).toThrow(
      refusal('timestamp is not within 300 s'),
    )
  })

  test.each([-301, 301, -86_400, 86_400])('%d s from now', (seconds) => {
    const query = askedAt(String(NOW_MS / 1000 + seconds))

    expect(() => verifyUrl(query, settingsOf(), NOW_MS)).toThrow(refusal('timestamp is not within 300 s'))
  })

  test.each(['', ' ', 'a b', 'nönce', '\u0000', 'x'.repeat(65)])(
    'with %j for a nonce, although signed',
    (nonce) => {
      const { query } = plainPush('', { nonce, parameters: { echostr: ECHO } })

      expect(() => verifyUrl(query, settingsOf(), NOW_MS)).toThrow(refusal('nonce is missing or malformed'))
    },
  )

  test.each(['signature', 'timestamp', 'nonce', 'msg_signature', 'echostr', 'encrypt_type'])(
    'with %s twice, be it the same value',
    (name) => {
      const query = asked({ msg_signature: 'x', encrypt_type: 'aes' })
      const twice = [...query, ...query.filter(([candidate]) => candidate === name)]

      expect(() => verifyUrl(twice, settingsOf(), NOW_MS)).toThrow(refusal(`${name} is repeated`))
    },
  )

  test('by a deployment with another token', () => {
    const settings = settingsOf({ WECHAT_PUSH_TOKEN: 'other-token' })

    expect(() => verifyUrl(asked(), settings, NOW_MS)).toThrow(refusal('signature does not hold'))
  })
})

test('a deployment without a token has a configuration error, which names the variable', () => {
  const settings = settingsOf({ WECHAT_PUSH_TOKEN: undefined })
  const problem = problemThrownBy(() => verifyUrl(asked(), settings, NOW_MS))

  expect(problem).toMatchObject({ code: 'CONFIG_ERROR', message: 'WECHAT_PUSH_TOKEN is missing.' })
})

test('the parts of a signature are sorted by their bytes: digits, upper case, lower case', () => {
  const token = 'aToken'
  const nonce = 'Znonce'
  const { query } = plainPush('', { token, nonce, parameters: { echostr: ECHO } })
  expect([token, nonce, TIMESTAMP].sort()).toEqual([TIMESTAMP, nonce, token])

  expect(verifyUrl(query, settingsOf({ WECHAT_PUSH_TOKEN: token }), NOW_MS)).toBe(ECHO)
  expect(NONCE < token).toBe(true)
})
