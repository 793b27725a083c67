import { Problem } from './problem.ts'

const MAX_PAGE_LENGTH = 1024
/** WeChat adds this parameter itself when a code is scanned, and answers 85096 to anyone else's. */
const RESERVED_PARAMETER = 'scancode_time'

/**
 * Checks the page that a subscribe message opens: one of this mini program, with a query or without.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 * @throws Problem `PAGE_INVALID` with `field` and `reason`
 */
export function checkPage(page: string, field: string): void {
  refuse(field, pageFault(page, MAX_PAGE_LENGTH))
}

/**
 * Checks the page of an unlimited code, which carries its data in the scene and never in a query.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 * @throws Problem `PAGE_INVALID` with `field` `page` and `reason`
 */
export function checkCodePage(page: string): void {
  refuse('page', pageFault(page, MAX_PAGE_LENGTH) ?? parameterFault(page) ?? queryFault(page))
}

/**
 * Checks the path of a limited or classic code, with a query or without.
 *
 * @param maxLength in characters: 1024 for limited codes, 128 for classic ones
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getqrcode.html
 * @throws Problem `PAGE_INVALID` with `field` `path` and `reason`
 */
export function checkCodePath(path: string, maxLength: number): void {
  refuse('path', pageFault(path, maxLength) ?? parameterFault(path))
}

function pageFault(page: string, maxLength: number): string | undefined {
  if (page === '') return 'is empty'
  if (page.length > maxLength) return `has more than ${maxLength} characters`
  if (/[\s\p{Cc}]/u.test(page)) return 'has a space or a control character'
  if (page.includes('\\')) return 'has a backslash'
  if (page.startsWith('/')) return 'begins with a slash'
  if (/^[a-z][a-z0-9+.-]*:/i.test(page)) return 'has a scheme'
  if (hasParentSegment(page)) return 'has a segment ..'
  return undefined
}

function hasParentSegment(page: string): boolean {
  const [path = ''] = page.split(/[?#]/, 1)
  return path.split('/').some((segment) => segment.replace(/%2e/gi, '.') === '..')
}

function parameterFault(page: string): string | undefined {
  const query = new URLSearchParams(page.replace(/^[^?]*/, ''))
  return query.has(RESERVED_PARAMETER) ? `has the reserved parameter ${RESERVED_PARAMETER}` : undefined
}

function queryFault(page: string): string | undefined {
  if (page.includes('?')) return 'has a query; put the data into the scene'
  if (page.includes('#')) return 'has a fragment'
  return undefined
}

function refuse(field: string, fault: string | undefined): void {
  if (fault) throw new Problem('PAGE_INVALID', { field, reason: fault })
}
