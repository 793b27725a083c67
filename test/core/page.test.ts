import { describe, expect, it, test } from 'vitest'
import { checkCodePage, checkCodePath, checkPage } from '../../shared/core/page.ts'

const checkPath = (path: string) => checkCodePath(path, 128)
const refusal = (field: string, reason: string) =>
  expect.objectContaining({ code: 'PAGE_INVALID', options: { field, reason } })

const MALFORMED = [
  ['', 'is empty'],
  ['/pages/index/index', 'begins with a slash'],
  ['//evil.example.com/x', 'begins with a slash'],
  ['https://evil.example.com', 'has a scheme'],
  ['javascript:alert(1)', 'has a scheme'],
  ['weixin://dl/business', 'has a scheme'],
  ['../other/index', 'has a segment ..'],
  ['pages/../../other', 'has a segment ..'],
  ['pages/..', 'has a segment ..'],
  ['pages/%2E%2e/other', 'has a segment ..'],
  ['pages/..?a=1', 'has a segment ..'],
  ['pages\\index', 'has a backslash'],
  ['pages/in dex', 'has a space or a control character'],
  ['pages/index\n', 'has a space or a control character'],
  ['pages/index\0', 'has a space or a control character'],
  ['pages/index\u3000', 'has a space or a control character'],
] as const

describe('a malformed page is refused wherever it is used', () => {
  test.each(MALFORMED)('%j %s', (page, reason) => {
    expect(() => checkPage(page, 'page')).toThrow(refusal('page', reason))
    expect(() => checkCodePage(page)).toThrow(refusal('page', reason))
    expect(() => checkPath(page)).toThrow(refusal('path', reason))
  })
})

describe('the page of a message', () => {
  test.each([
    ['index'],
    ['pages/index/index'],
    ['index?foo=bar'],
    ['pages/order?id=1&back=../list&url=https://a.example.com/'],
    ['pages/订单/index?名=张三'],
    ['pages/a..b/index...'],
    [`pages/${'x'.repeat(1018)}`],
  ])('%j is accepted', (page) => {
    expect(() => checkPage(page, 'page')).not.toThrow()
  })

  it('has at most 1024 characters', () => {
    expect(() => checkPage('x'.repeat(1025), 'page')).toThrow(
      refusal('page', 'has more than 1024 characters'),
    )
  })

  it('is named by the field that holds it', () => {
    expect(() => checkPage('/x', 'message.page')).toThrow(refusal('message.page', 'begins with a slash'))
  })
})

describe('the page of an unlimited code', () => {
  test.each([['index'], ['pages/index/index'], ['pages/scancode_time/index']])('%j is accepted', (page) => {
    expect(() => checkCodePage(page)).not.toThrow()
  })

  test.each([
    ['pages/index?a=1', 'has a query; put the data into the scene'],
    ['pages/index?', 'has a query; put the data into the scene'],
    ['pages/index#top', 'has a fragment'],
    ['pages/index?scancode_time=1', 'has the reserved parameter scancode_time'],
  ])('%j is refused', (page, reason) => {
    expect(() => checkCodePage(page)).toThrow(refusal('page', reason))
  })
})

describe('the path of a counted code', () => {
  test.each([
    ['pages/index'],
    ['pages/index?a=1&b=2'],
    ['pages/index?a=scancode_time'],
    ['p?my_scancode_time=1'],
  ])('%j is accepted', (path) => {
    expect(() => checkPath(path)).not.toThrow()
  })

  test.each([
    ['pages/index?scancode_time=1'],
    ['pages/index?a=1&scancode_time'],
    ['pages/index?scancode%5Ftime=1'],
  ])('%j is refused for the reserved parameter', (path) => {
    expect(() => checkPath(path)).toThrow(refusal('path', 'has the reserved parameter scancode_time'))
  })

  it('has at most the characters that its kind of code allows, query included', () => {
    const path = `index?${'x'.repeat(123)}`

    expect(() => checkCodePath(path, 129)).not.toThrow()
    expect(() => checkCodePath(path, 128)).toThrow(refusal('path', 'has more than 128 characters'))
  })
})
