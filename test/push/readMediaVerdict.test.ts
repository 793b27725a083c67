import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readMediaVerdict } from '../../shared/push/readMediaVerdict.ts'
import { officialVector, peerVectors } from '../support/vectors.ts'
import { eventOf, messageOf, xmlMessage } from './sampleMessages.ts'

const ID = '60f96f1d-3845297a-1976a3ae'
const PASS = { suggest: 'pass', label: 100 }
const RISKY = { suggest: 'risky', label: 20002 }

const read = (fields: object) => readMediaVerdict(eventOf('wxa_media_check', { trace_id: ID, ...fields }))
const suggestOf = (fields: object) => read(fields)?.verdict.suggest

describe('samples', () => {
  test('the public one is a pass', () => {
    const { inputs } = officialVector('push/wxa_media_check-json-sample')

    expect(readMediaVerdict(messageOf('json', JSON.stringify(inputs.body)))).toEqual({
      traceId: ID,
      appId: 'wx8f16a5be77871234',
      verdict: { suggest: 'pass', label: 100, labelName: '正常' },
    })
  })

  test.each(['skit-media-check-json', 'senparc-media-check-xml'])(
    '%s is read as other libraries read it',
    (name) => {
      const [vector] = peerVectors(`push-parse/${name}`)
      const { format, body = '' } = vector?.inputs ?? {}
      const { traceId, appid, verdict } = vector?.expected ?? {}

      expect(readMediaVerdict(messageOf(format === 'xml' ? 'xml' : 'json', body))).toEqual({
        traceId,
        appId: appid,
        verdict: { ...(verdict as object), labelName: '正常' },
      })
    },
  )

  test('a version 1 push of an unreachable file is for review', () => {
    const fields = {
      isrisky: 0,
      extra_info_json: '',
      appid: 'wx8f16a5be77871234',
      trace_id: '967e945cd8a3e458f3c74dcb886068e9',
      status_code: 4_294_966_288,
      detail: [],
    }

    expect(read(fields)).toEqual({
      traceId: '967e945cd8a3e458f3c74dcb886068e9',
      appId: 'wx8f16a5be77871234',
      verdict: { suggest: 'review' },
    })
  })
})

describe('version 2', () => {
  test.each([
    ['pass', 'pass'],
    ['review', 'review'],
    ['risky', 'risky'],
    ['PASS', 'review'],
    ['', 'review'],
    [undefined, 'review'],
    [['pass'], 'review'],
  ])('suggests %j: %s', (suggest, expected) => {
    expect(suggestOf({ errcode: 0, result: { suggest, label: 100 } })).toBe(expected)
  })

  test.each([20_002, '20002'])('has the label %j, with its name', (label) => {
    expect(read({ result: { suggest: 'risky', label } })?.verdict).toEqual({
      suggest: 'risky',
      label: 20_002,
      labelName: '色情',
    })
  })

  test.each([0, '0', undefined])('counts with the errcode %j', (errcode) => {
    expect(suggestOf({ errcode, result: PASS })).toBe('pass')
  })

  test.each([-1008, '-1008', 4_294_966_288, '4294966288', 1, '', 'ok', null, true, [], 0.5])(
    'is for review with the errcode %j, whatever it suggests',
    (errcode) => {
      expect(suggestOf({ errcode, result: PASS })).toBe('review')
      expect(read({ errcode, result: RISKY })?.verdict).toEqual({ suggest: 'review' })
      expect(suggestOf({ errcode })).toBe('review')
    },
  )

  test.each([null, '', 'pass', [PASS], 0, {}])('with the result %j is for review', (result) => {
    expect(suggestOf({ errcode: 0, result })).toBe('review')
  })

  test.each<[string, unknown, string]>([
    ['says the same', [{ errcode: 0, ...PASS }], 'pass'],
    ['is one object', { errcode: 0, ...PASS }, 'pass'],
    [
      'is worse',
      [
        { errcode: 0, ...PASS },
        { errcode: 0, ...RISKY },
      ],
      'risky',
    ],
    ['is worse, as one object', RISKY, 'risky'],
    ['failed', [{ errcode: -1, ...PASS }], 'review'],
    ['failed, told as texts', [{ errcode: '4294967295', suggest: 'pass' }], 'review'],
    ['only ran', [{ strategy: 'keyword', errcode: 0 }], 'pass'],
    ['is not known', [{ suggest: 'block' }], 'review'],
    ['is empty', [], 'pass'],
    ['is nothing', null, 'pass'],
    ['is a text', '', 'pass'],
  ])('that passes, where a part of the detail %s: %s', (_, detail, expected) => {
    expect(suggestOf({ errcode: 0, result: PASS, detail })).toBe(expected)
  })

  test('never passes for its detail alone', () => {
    expect(suggestOf({ errcode: 0, detail: [{ errcode: 0, ...PASS }] })).toBe('review')
  })
})

describe('version 1', () => {
  test.each([
    [0, 'pass'],
    ['0', 'pass'],
    [1, 'risky'],
    ['1', 'risky'],
    [2, 'review'],
    [-1, 'review'],
    ['', 'review'],
    [null, 'review'],
    [false, 'review'],
    ['length', 'review'],
  ])('with isrisky %j: %s', (isrisky, expected) => {
    expect(suggestOf({ isrisky, status_code: 0 })).toBe(expected)
  })

  test.each([-1008, 4_294_966_288, '4294966288', '', null, 1])(
    'is for review with the status %j',
    (status_code) => {
      expect(suggestOf({ isrisky: 0, status_code })).toBe('review')
      expect(suggestOf({ isrisky: 1, status_code })).toBe('review')
      expect(suggestOf({ status_code })).toBe('review')
    },
  )

  test('counts without a status', () => {
    expect(suggestOf({ isrisky: 0 })).toBe('pass')
  })
})

describe('where both versions speak', () => {
  test.each<[object, string]>([
    [{ isrisky: 0, status_code: 0, errcode: 0, result: PASS }, 'pass'],
    [{ isrisky: 1, status_code: 0, errcode: 0, result: PASS }, 'risky'],
    [{ isrisky: 0, status_code: 0, errcode: 0, result: RISKY }, 'risky'],
    [{ isrisky: 0, status_code: 4_294_966_288, errcode: 0, result: PASS }, 'review'],
    [{ isrisky: 0, status_code: 0, errcode: -1008, result: PASS }, 'review'],
    [{ isrisky: 1, status_code: 0, errcode: -1008, result: PASS }, 'risky'],
    [{ isrisky: 0, errcode: -1008 }, 'review'],
    [{ isrisky: 2, result: PASS }, 'review'],
    [{ status_code: 0, errcode: 0 }, 'review'],
    [{}, 'review'],
  ])('the worse counts: %j is %s', (fields, expected) => {
    expect(suggestOf(fields)).toBe(expected)
  })

  test('and whatever they say, a pass needs an explicit one and no error', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(0, '0', 'pass', undefined, PASS, RISKY),
    )
    const fields = fc.record(
      { result: anything, errcode: anything, isrisky: anything, status_code: anything, detail: anything },
      { requiredKeys: [] },
    )

    fc.assert(
      fc.property(fields, (said) => {
        const { result, errcode, isrisky, status_code: status } = JSON.parse(JSON.stringify(said))
        const isZero = (value: unknown) =>
          value === 0 || (typeof value === 'string' && /^-?0{1,15}$/.test(value))
        const isExplicit = result?.suggest === 'pass' || isZero(isrisky)
        const isError = [errcode, status].some((value) => value !== undefined && !isZero(value))

        if (suggestOf(said) === 'pass')
          expect({ isExplicit, isError }).toEqual({ isExplicit: true, isError: false })
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the submission', () => {
  test.each(['', undefined, 1, {}, 'a b', 'a\n', 'x'.repeat(129)])('is not known by %j', (trace_id) => {
    expect(read({ trace_id, result: PASS })).toBeUndefined()
  })

  test.each([1, ['wx1'], {}])('with %j for an app id is of some other mini program', (appid) => {
    expect(read({ appid, result: PASS })).toMatchObject({ appId: String(appid) })
  })

  test.each(['', undefined])('may be without an app id: %j', (appid) => {
    expect(read({ appid, result: PASS })).not.toHaveProperty('appId')
  })

  test.each([
    ['another event', { Event: 'wxa_media_check_2' }],
    ['a message', { MsgType: 'wxa_media_check' }],
  ])('is nothing that %s speaks of', (_, fields) => {
    expect(read({ ...fields, result: PASS })).toBeUndefined()
  })
})

test('one XML detail, several, and JSON say the same', () => {
  const detail = '<detail><errcode>0</errcode><suggest>pass</suggest><label>100</label></detail>'
  const xml = (details: string) =>
    xmlMessage(
      `<Event>wxa_media_check</Event><trace_id>${ID}</trace_id><errcode>0</errcode>${details}` +
        '<result><suggest>pass</suggest><label>100</label></result>',
    )
  const expected = read({ errcode: 0, result: PASS, detail: [{ errcode: 0, ...PASS }] })

  expect(readMediaVerdict(messageOf('xml', xml(detail)))).toEqual(expected)
  expect(readMediaVerdict(messageOf('xml', xml(detail + detail)))).toEqual(expected)
  expect(expected?.verdict.suggest).toBe('pass')
})
