import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { checkTemplateData } from '../../shared/core/templateData.ts'

const refusal = (field: string) =>
  expect.objectContaining({
    code: 'TEMPLATE_DATA_INVALID',
    options: { field, reason: expect.stringMatching(/\w/) },
  })

const ACCEPTED: readonly (readonly [type: string, ...values: string[]])[] = [
  ['thing', '会议', '第3会议室 (A), 2楼！', '字'.repeat(20), '😀'.repeat(20), 'a'],
  ['number', '0', '100', '99.5', '-3', '+3', '1'.repeat(32), '007'],
  ['letter', 'a', 'ABCxyz', 'z'.repeat(32)],
  ['symbol', '!', '!@#$%', '，。', '★'],
  ['character_string', 'A-2024/001', 'a b', '+8', 'x'.repeat(32), '#￥'],
  ['time', '15:01', '9:05', '15:01:30', '00:00', '24:00', '2019年10月1日 15:01', '2021-09-10 19:00:00'],
  ['time', '10:00~12:00', '2019年10月1日 15:01~16:00', '2021-09-10 19:00 ~ 2021-09-11 07:00'],
  [
    'date',
    '2019年10月1日',
    '2019年10月',
    '10月1日',
    '2018-01-01',
    '2018/01/01',
    '2018.01.01',
    '2018-01',
    '01-01',
  ],
  ['date', '2019年10月1日 15:01', '2018-01-01 15:01:00', '01/31 8:00', '2024-02-29'],
  ['date', '2019年10月1日~2019年10月3日', '2018-01-01 15:01~2018-01-02 15:01', '2018-01-01 15:01~16:00'],
  ['amount', '￥100', '¥100', '$9.99', '100.5元', '￥100元', '100', '￥1234567890', '1234567890.50元'],
  ['phone_number', '13800000000', '+86-0766-66888866', '(020) 1234-5678', '1'.repeat(17)],
  ['car_number', '粤A8Z888挂', '粤AD12345', '京A12345', 'ABC123', '8'],
  ['name', '张三', '张三丰Tom', '字'.repeat(10), 'John Q. Public', 'x'.repeat(20), '阿依·古丽'],
  ['phrase', '已完成', '好', '配送中了吗', '人々'],
  ['enum_string', '进行中', 'any text at all, however long it may be'],
  ['some_new_type', 'any text', '1'.repeat(100)],
]

const REFUSED: readonly (readonly [type: string, ...values: string[]])[] = [
  ['thing', '字'.repeat(21), '😀'.repeat(21)],
  ['number', '一百', '1,000', '1e3', '1.', '.5', '1.2.3', ' 1', '１２', '1'.repeat(33), '--1', '0x1f'],
  ['letter', 'abc1', 'a b', 'é', '中', 'a'.repeat(33)],
  ['symbol', 'a', '1', '中', '!!!!!!', '！a'],
  ['character_string', '订单1', 'x'.repeat(33), 'é', 'ｘ'],
  [
    'time',
    '25:00',
    '12:60',
    '24:01',
    '2019年10月1日',
    '3 pm',
    '12:00~',
    '12:00-13:00',
    '12:00~13:00~14:00',
    '12',
  ],
  [
    'date',
    '2019年13月1日',
    '2019-00-10',
    '2019-10-32',
    '19年1月1日',
    '15:01',
    'tomorrow',
    '2019',
    '20191001',
  ],
  ['date', '2019-10-01T15:01', '2019-10-01~', '2019-10-01 25:00'],
  ['amount', '￥', '元', '￥￥1', '￥12345678901', '1,000元', '100 dollars', '￥一百', '￥1.'],
  ['phone_number', 'call me', '电话', '1'.repeat(18)],
  ['car_number', '粤港A1234', '粤A8Z8888挂', '粤A·1234', '粤A 1234'],
  ['name', '字'.repeat(11), `张${'x'.repeat(10)}`, 'x'.repeat(21), '张三2', '007'],
  ['phrase', '已完成a', 'ok', '已完成。', '一二三四五六', '１'],
]

describe('a value that its keyword type allows passes', () => {
  test.each(ACCEPTED)('%s', (type, ...values) => {
    for (const value of values) expect(() => checkTemplateData({ [`${type}1`]: value }), value).not.toThrow()
  })

  it('under each key of the templates in the documentation', () => {
    const vectors: readonly { kind: string; expected: { keys: string[] } }[] = JSON.parse(
      readFileSync(new URL('../vectors/messages-cards-pay.json', import.meta.url), 'utf8'),
    )
    const values: Readonly<Record<string, string>> = {
      date: '2019年10月1日',
      thing: '会议',
      time: '15:01',
      enum_string: '一',
    }
    const templates = vectors
      .filter(({ kind }) => kind === 'template-keys')
      .map(({ expected }) => expected.keys)

    expect(templates).toHaveLength(2)
    for (const keys of templates) {
      const data = Object.fromEntries(keys.map((key) => [key, values[key.replace(/\d+$/, '')] ?? '']))
      expect(() => checkTemplateData(data)).not.toThrow()
    }
  })
})

describe('a value that its keyword type does not allow is refused with its field and the rule', () => {
  test.each(REFUSED)('%s', (type, ...values) => {
    for (const value of values) {
      expect(() => checkTemplateData({ [`${type}1`]: value }), value).toThrow(refusal(`data.${type}1`))
    }
  })

  it('naming the one at fault among others', () => {
    const data = { thing1: '会议', date2: 'soon', number3: '1' }

    expect(() => checkTemplateData(data)).toThrow(refusal('data.date2'))
  })

  it('in words', () => {
    const reason = 'a thing has at most 20 characters'

    expect(() => checkTemplateData({ thing1: '字'.repeat(21) })).toThrow(
      expect.objectContaining({ options: { field: 'data.thing1', reason } }),
    )
  })
})

describe('whatever the type', () => {
  const types = [...new Set(ACCEPTED.map(([type]) => type))]

  test.each(types)('a %s is neither empty nor broken by a control character', (type) => {
    const [, fine = ''] = ACCEPTED.find(([name]) => name === type) ?? []
    for (const value of [
      '',
      '\n',
      `${fine}\n`,
      `${fine}\r\n`,
      `\t${fine}`,
      `${fine}\0`,
      `${fine}\u2028`,
      `\u0085${fine}`,
    ]) {
      expect(() => checkTemplateData({ [`${type}1`]: value })).toThrow(refusal(`data.${type}1`))
    }
  })

  test.each([
    ['thing', 'lacks its number'],
    ['1', 'lacks its type'],
    ['', 'is empty'],
    ['thing1.DATA', 'still has the template syntax'],
    ['thing 1', 'has a space'],
    ['thing1a', 'goes on behind its number'],
    ['事物1', 'is not in Latin letters'],
    ['thing1\n', 'ends in a line break'],
    ['__proto__', 'is a name of the language'],
  ])('the key %j is refused because it %s', (key) => {
    expect(() => checkTemplateData({ [key]: 'x' })).toThrow(refusal(`data.${key}`))
  })

  it('a key named like a method is a type like any other', () => {
    expect(() => checkTemplateData({ constructor1: 'x', toString2: 'y' })).not.toThrow()
  })

  it('no values at all are refused', () => {
    expect(() => checkTemplateData({})).toThrow(refusal('data'))
  })

  it('the values stay as they were', () => {
    const data = Object.freeze({ thing1: ' 会议 ', number2: '007' })
    checkTemplateData(data)

    expect(data).toEqual({ thing1: ' 会议 ', number2: '007' })
  })
})
