import { describe, expect, test } from 'vitest'
import { isClientCall, readOrigin } from '../../../shared/platform/cloudbase/readContext.ts'
import { withEnviron, withEnvironment } from '../../support/cloudBaseContext.ts'

const ALICE = { TCB_SOURCE: 'wx_client', WX_OPENID: 'o-alice', WX_APPID: 'wx1' }
const NOBODY = { kind: 'nobody' }
const NO_FIELDS = new Set<string>()

describe('the context of an invocation says who is calling', () => {
  test.each<[string, Record<string, string>, object]>([
    ['a user', ALICE, { kind: 'wechatUser', openid: 'o-alice', appId: 'wx1', vouchedFields: NO_FIELDS }],
    [
      'a user in the developer tools',
      { ...ALICE, TCB_SOURCE: 'wx_devtools' },
      { kind: 'wechatUser', openid: 'o-alice', appId: 'wx1', vouchedFields: NO_FIELDS },
    ],
    [
      'a user with a unionid',
      { ...ALICE, WX_UNIONID: 'u-alice' },
      { kind: 'wechatUser', openid: 'o-alice', unionid: 'u-alice', appId: 'wx1', vouchedFields: NO_FIELDS },
    ],
    [
      'a user of another mini program',
      { ...ALICE, WX_FROM_APPID: 'wx2' },
      { kind: 'wechatUser', openid: 'o-alice', appId: 'wx1', fromAppId: 'wx2', vouchedFields: NO_FIELDS },
    ],
    [
      'a function that a user called',
      { ...ALICE, TCB_SOURCE: 'wx_client,scf' },
      { kind: 'server', appId: 'wx1' },
    ],
    ['a function that a timer called', { TCB_SOURCE: 'wx_trigger,scf' }, { kind: 'server' }],
    ['another function', { TCB_SOURCE: 'scf' }, { kind: 'server' }],
    ['a timer by its source', { TCB_SOURCE: 'wx_trigger' }, { kind: 'timer' }],
    ['a timer by its trigger', { TRIGGER_SRC: 'timer' }, { kind: 'timer' }],
    ['HTTP', { TCB_SOURCE: 'wx_http' }, NOBODY],
    [
      'a source nobody knows',
      { TCB_SOURCE: 'wx_unknown', WX_OPENID: 'o1', WX_APPID: 'wx1' },
      { ...NOBODY, appId: 'wx1' },
    ],
    ['a source that only begins alike', { ...ALICE, TCB_SOURCE: 'wx_client_x' }, { ...NOBODY, appId: 'wx1' }],
    [
      'a client further down the chain',
      { ...ALICE, TCB_SOURCE: 'wx_http,wx_client' },
      { ...NOBODY, appId: 'wx1' },
    ],
    ['no source', { WX_OPENID: 'o1', WX_APPID: 'wx1' }, { ...NOBODY, appId: 'wx1' }],
    ['a client without an openid', { TCB_SOURCE: 'wx_client', WX_APPID: 'wx1' }, { ...NOBODY, appId: 'wx1' }],
    ['a client without an app', { TCB_SOURCE: 'wx_client', WX_OPENID: 'o1' }, NOBODY],
    ['a timer that has an openid', { TCB_SOURCE: 'wx_trigger', WX_OPENID: 'o1' }, NOBODY],
    [
      'a client that calls itself a timer',
      { ...ALICE, TRIGGER_SRC: 'timer' },
      expect.objectContaining({ kind: 'wechatUser' }),
    ],
  ])('%s', (_, variables, origin) => {
    expect(readOrigin(withEnvironment(variables))).toEqual(origin)
    expect(readOrigin(withEnviron(variables))).toEqual(origin)
    expect(readOrigin({ ...withEnvironment(variables), ...withEnviron(variables) })).toEqual(origin)
  })

  test.each([
    ['none at all', {}],
    ['null', { environment: null, environ: null }],
    ['numbers', { environment: 7, environ: 7 }],
    ['broken JSON', { environment: '{"TCB_SOURCE":"wx_client"' }],
    ['JSON of another kind', { environment: '["TCB_SOURCE"]' }],
    ['JSON null', { environment: 'null' }],
    ['an openid that is no text', { environment: JSON.stringify({ ...ALICE, WX_OPENID: { $ne: '' } }) }],
    ['text without pairs', { environ: 'wx_client' }],
    [
      'a source that stands twice',
      { environ: 'TCB_SOURCE=wx_client;WX_OPENID=o1;WX_APPID=wx1;TCB_SOURCE=scf' },
    ],
    [
      'an openid that stands twice',
      { environ: 'TCB_SOURCE=wx_client;WX_OPENID=o1;WX_APPID=wx1;WX_OPENID=o2' },
    ],
    ['a prototype', { environment: '{"__proto__":{"TCB_SOURCE":"scf"}}' }],
  ])('and is nobody when it is malformed: %s', (_, context) => {
    expect(readOrigin(context)).toMatchObject(NOBODY)
    expect(readOrigin(context)).not.toHaveProperty('openid')
  })

  test.each([
    ['another openid', { ...ALICE, WX_OPENID: 'o-bob' }],
    ['no openid', { TCB_SOURCE: 'wx_client', WX_APPID: 'wx1' }],
    ['another source', { ...ALICE, TCB_SOURCE: 'scf' }],
    ['another app', { ...ALICE, WX_APPID: 'wx2' }],
    ['another trigger', { ...ALICE, TRIGGER_SRC: 'timer' }],
    ['other vouched fields', { ...ALICE, WX_OPEN_DATA_INFO: '{"keys":["cloudID"]}' }],
  ])('and is nobody when its two halves disagree: %s', (_, other) => {
    expect(readOrigin({ ...withEnvironment(ALICE), ...withEnviron(other) })).toEqual(NOBODY)
    expect(readOrigin({ ...withEnvironment(other), ...withEnviron(ALICE) })).toEqual(NOBODY)
  })

  test('whatever else the two halves say', () => {
    const context = {
      ...withEnvironment({ ...ALICE, NEW: '1' }),
      ...withEnviron({ ...ALICE, OLD: 'a=b' }),
    }

    expect(readOrigin(context)).toMatchObject({ kind: 'wechatUser', openid: 'o-alice' })
  })
})

describe('the fields that WeChat filled in', () => {
  test.each<[string, string, string[]]>([
    ['are named', '{"keys":["cloudID","weRunData"]}', ['cloudID', 'weRunData']],
    ['are none without a list', '{}', []],
    ['are none when the list is none', '{"keys":"cloudID"}', []],
    ['are only those named by text', '{"keys":["cloudID",7,null]}', ['cloudID']],
    ['are none when it is broken', '{"keys":', []],
    ['are none when it is null', 'null', []],
  ])('%s', (_, info, fields) => {
    expect(readOrigin(withEnvironment({ ...ALICE, WX_OPEN_DATA_INFO: info }))).toMatchObject({
      vouchedFields: new Set(fields),
    })
  })

  test('survive the older form of a context, whose pairs hold JSON', () => {
    const context = withEnviron({ ...ALICE, WX_OPEN_DATA_INFO: '{"keys":["cloudID"]}' })

    expect(readOrigin(context)).toMatchObject({ vouchedFields: new Set(['cloudID']) })
  })
})

test.each([
  ['wx_client', true],
  ['wx_devtools', true],
  ['wx_client,scf', true],
  ['wx_http', false],
  ['wx_trigger', false],
  ['scf', false],
  ['', false],
])('a call with the source %j came from a client: %s', (source, isClient) => {
  expect(isClientCall(withEnvironment({ TCB_SOURCE: source }))).toBe(isClient)
})
