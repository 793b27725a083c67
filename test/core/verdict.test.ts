import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { toVerdict, type Verdict, worstVerdict } from '../../shared/core/verdict.ts'

describe('only an explicit pass is a pass', () => {
  test.each([
    ['pass', 'pass'],
    ['review', 'review'],
    ['risky', 'risky'],
    ['PASS', 'review'],
    ['pass ', 'review'],
    ['pending', 'review'],
    ['block', 'review'],
    ['', 'review'],
    [undefined, 'review'],
    [null, 'review'],
    [true, 'review'],
    [0, 'review'],
    [['pass'], 'review'],
  ])('WeChat suggests %j: %s', (suggest, expected) => {
    expect(toVerdict({ suggest })).toEqual({ suggest: expected })
  })

  it('no answer at all is for review', () => {
    expect(toVerdict({})).toEqual({ suggest: 'review' })
  })
})

describe("a label is WeChat's number and its name", () => {
  test.each([
    [100, '正常'],
    [10001, '广告'],
    [20001, '时政'],
    [20002, '色情'],
    [20003, '辱骂'],
    [20006, '违法犯罪'],
    [20008, '欺诈'],
    [20012, '低俗'],
    [20013, '版权'],
    [21000, '其他'],
  ])('%d is %s, as a number and as digits', (label, labelName) => {
    expect(toVerdict({ suggest: 'risky', label })).toEqual({ suggest: 'risky', label, labelName })
    expect(toVerdict({ suggest: 'risky', label: `${label}` })).toEqual({ suggest: 'risky', label, labelName })
  })

  it('an unknown label stays a number without a name', () => {
    expect(toVerdict({ suggest: 'risky', label: '20099' })).toEqual({ suggest: 'risky', label: 20099 })
  })

  test.each([['spam'], [''], ['1e3'], ['-1'], [-1], [1.5], [Number.NaN], [null], [{}], ['9'.repeat(30)]])(
    '%j is no label',
    (label) => {
      expect(toVerdict({ suggest: 'risky', label })).toEqual({ suggest: 'risky' })
    },
  )
})

describe('the verdict of the whole', () => {
  const pass: Verdict = { suggest: 'pass', label: 100, labelName: '正常' }
  const pending: Verdict = { suggest: 'pending' }
  const review: Verdict = { suggest: 'review', label: 20008, labelName: '欺诈' }
  const risky: Verdict = { suggest: 'risky', label: 20002, labelName: '色情' }
  const worstFirst = [risky, review, pending, pass]

  it('is that of its worst part, with its label: risky, review, pending, pass', () => {
    const verdicts = fc.array(fc.constantFrom(...worstFirst), { minLength: 1 })

    fc.assert(
      fc.property(verdicts, (parts) => {
        expect(worstVerdict(parts)).toBe(worstFirst.find((verdict) => parts.includes(verdict)))
      }),
    )
  })

  it('is the first of equally bad parts', () => {
    expect(worstVerdict([pass, risky, { suggest: 'risky', label: 20001 }])).toBe(risky)
  })

  it('is never a pass without a part', () => {
    expect(worstVerdict([])).toEqual({ suggest: 'review' })
  })
})
