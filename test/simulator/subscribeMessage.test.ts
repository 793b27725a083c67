import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_TEMPLATES } from '../../scripts/simulator/templates.ts'
import { isTemplateValue } from '../../scripts/simulator/templateValue.ts'
import { type Json, startTestSimulator, type TestSimulator } from './testSimulator.ts'

const PATH = '/cgi-bin/message/subscribe/send'
const [SHIPPED = '', , CALLED = ''] = DEFAULT_TEMPLATES.map(({ id }) => id)
const SHIPPED_DATA = {
  character_string1: { value: 'NO-2026-1' },
  thing2: { value: '一箱苹果' },
  date3: { value: '2026年11月20日 15:01' },
  amount4: { value: '￥100.5元' },
}

let world: TestSimulator
beforeEach(async () => {
  world = await startTestSimulator()
})
afterEach(() => world.simulator.close())

const send = (fields: Json = {}) =>
  world.call(PATH, {
    touser: world.simulator.phone('alice').openid,
    template_id: SHIPPED,
    data: SHIPPED_DATA,
    page: 'pages/order/detail?id=1',
    ...fields,
  })

test('one consent allows one message', async () => {
  const phone = world.simulator.phone('alice')
  expect(phone.acceptSubscribe(SHIPPED)).toEqual({ [SHIPPED]: 'accept' })

  expect(await send()).toMatchObject({ errcode: 0, errmsg: 'ok' })
  expect(await send()).toMatchObject({ errcode: 43101 })
  expect(world.simulator.accepted(PATH)).toBe(1)
  expect(world.simulator.sentMessages).toEqual([
    {
      touser: phone.openid,
      templateId: SHIPPED,
      page: 'pages/order/detail?id=1',
      data: {
        character_string1: 'NO-2026-1',
        thing2: '一箱苹果',
        date3: '2026年11月20日 15:01',
        amount4: '￥100.5元',
      },
      msgid: expect.stringMatching(/^\d{19}$/),
      delivered: true,
    },
  ])
})

test('the msgid is a bare integer that a JavaScript number cannot hold', async () => {
  world.simulator.phone('alice').acceptSubscribe(SHIPPED)
  const body = JSON.stringify({
    touser: world.simulator.phone('alice').openid,
    template_id: SHIPPED,
    data: SHIPPED_DATA,
  })

  const text = await (await world.postRaw(PATH, { access_token: await world.token() }, body)).text()

  const [, msgid = ''] = /"msgid":(\d+)}/.exec(text) ?? []
  expect(msgid).toBe(world.simulator.sentMessages[0]?.msgid)
  expect(String(Number(msgid))).not.toBe(msgid)
})

test('consents add up, and a refusal adds none', async () => {
  const phone = world.simulator.phone('alice')
  phone.acceptSubscribe(SHIPPED)
  phone.acceptSubscribe(SHIPPED)
  expect(phone.rejectSubscribe(SHIPPED)).toEqual({ [SHIPPED]: 'reject' })

  expect([await send(), await send(), await send()].map(({ errcode }) => errcode)).toEqual([0, 0, 43101])
})

test('a long-term template may be sent any number of times until the user withdraws', async () => {
  const phone = world.simulator.phone('alice')
  const call = {
    template_id: CALLED,
    data: { thing1: { value: '3号窗口' }, number2: { value: '42' }, phrase3: { value: '请准备' } },
  }
  phone.acceptSubscribe(CALLED)

  expect([(await send(call)).errcode, (await send(call)).errcode]).toEqual([0, 0])
  phone.rejectSubscribe(CALLED)
  expect(await send(call)).toMatchObject({ errcode: 43101 })
})

test.each([
  ['an unknown user', { touser: 'o-unknown' }, 40003],
  ['an unknown template', { template_id: 'none' }, 40037],
  ['a page that is not released', { page: 'pages/none' }, 41030],
  ['a page with a leading slash', { page: '/pages/order/detail' }, 41030],
  ['an unknown state', { miniprogram_state: 'beta' }, 40097],
  ['an unknown language', { lang: 'de_DE' }, 40097],
  ['no data', { data: null }, 47003],
  ['sensitive words', { data: { ...SHIPPED_DATA, thing2: { value: '赌博' } } }, 45168],
])('%s is refused and costs no consent', async (_case, wrong, errcode) => {
  world.simulator.phone('alice').acceptSubscribe(SHIPPED)

  expect(await send(wrong)).toMatchObject({ errcode })
  expect(world.simulator.accepted(PATH)).toBe(0)
  expect(await send()).toMatchObject({ errcode: 0 })
})

test.each([
  ['too long', { thing2: { value: '一'.repeat(21) } }, 'data.thing2.value invalid'],
  ['a number', { thing2: { value: 5 } }, 'data.thing2.value invalid'],
  ['empty', { thing2: { value: '' } }, 'data.thing2.value is emtpy'],
  ['missing', { thing2: undefined }, 'data.thing2.value is emtpy'],
  ['of no keyword', { thing9: { value: 'x' } }, 'data.thing9.value invalid'],
])('a value that is %s is refused by name', async (_case, wrong, text) => {
  world.simulator.phone('alice').acceptSubscribe(SHIPPED)

  expect(await send({ data: { ...SHIPPED_DATA, ...wrong } })).toMatchObject({
    errcode: 47003,
    errmsg: expect.stringContaining(`argument invalid! ${text} rid: `),
  })
})

test('a page that is not released is fine outside the formal state', async () => {
  world.simulator.phone('alice').acceptSubscribe(SHIPPED)

  expect(await send({ page: 'pages/none', miniprogram_state: 'developer' })).toMatchObject({ errcode: 0 })
})

test.each([
  [['none'], /no template none/],
  [[], /one to three/],
  [[SHIPPED, SHIPPED, SHIPPED, SHIPPED], /one to three/],
  [[SHIPPED, CALLED], /cannot be asked for together/],
])('a phone refuses to ask for %j', (templateIds, message) => {
  expect(() => world.simulator.phone('alice').acceptSubscribe(...templateIds)).toThrow(message)
})

test.each([
  ['thing1', '二十个字符', true],
  ['thing1', 'a\nb', false],
  ['number1', '-12.5', true],
  ['number1', '1e5', false],
  ['letter1', 'ABC', true],
  ['letter1', 'A1', false],
  ['symbol1', '-+*', true],
  ['symbol1', '-a', false],
  ['character_string2', 'A-1 b', true],
  ['character_string2', '中', false],
  ['time1', '15:01', true],
  ['time1', '2019年10月1日 15:01', true],
  ['time1', '2021-09-10 19:00:00~2021-09-10 20:00:00', true],
  ['time1', 'soon', false],
  ['date1', '2019年10月1日', true],
  ['date1', '2019年10月', true],
  ['date1', '10月1日', true],
  ['date1', '2018/01/01', true],
  ['date1', '2018.01.01 15:01:30', true],
  ['date1', '2018-01', true],
  ['date1', '01-01', true],
  ['date1', 'tomorrow', false],
  ['amount1', '￥100', true],
  ['amount1', '100.5元', true],
  ['amount1', 'a lot', false],
  ['phone_number1', '+86-0766-66888866', true],
  ['phone_number1', 'call me', false],
  ['car_number1', '粤A8Z888挂', true],
  ['car_number1', '粤AAAAAAAA', false],
  ['name1', '欧阳', true],
  ['name1', '一二三四五六七八九十十', false],
  ['name1', 'a'.repeat(20), true],
  ['phrase1', '已发货', true],
  ['phrase1', 'shipped', false],
  ['enum_string1', 'anything', true],
])('%s takes "%s": %s', (keyword, value, isTaken) => {
  expect(isTemplateValue(keyword, value)).toBe(isTaken)
})
