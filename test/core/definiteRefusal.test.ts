import { expect, test } from 'vitest'
import { isDefiniteRefusal } from '../../shared/core/definiteRefusal.ts'
import { Problem, type ProblemCode } from '../../shared/core/problem.ts'

test.each<[ProblemCode, number | undefined, boolean]>([
  ['USER_REFUSED', 43101, true],
  ['PAGE_INVALID', 41030, true],
  ['QUOTA_EXCEEDED', 45029, true],
  ['UPSTREAM_REJECTED', 40037, true],
  ['UPSTREAM_REJECTED', 40001, false],
  ['UPSTREAM_REJECTED', 40014, false],
  ['UPSTREAM_REJECTED', 42001, false],
  ['RATE_LIMITED', 45009, false],
  ['CONFIG_ERROR', 48001, false],
  ['UPSTREAM_UNAVAILABLE', undefined, false],
  ['UPSTREAM_TIMEOUT', undefined, false],
  ['STATE_UNAVAILABLE', undefined, false],
])('whether %s (errcode %j) would be said again: %j', (code, errcode, isDefinite) => {
  const problem = new Problem(code, errcode === undefined ? {} : { upstream: { errcode } })

  expect(isDefiniteRefusal(problem)).toBe(isDefinite)
})

test('what is said before the request is made says nothing about it', () => {
  const options = { upstream: { errcode: 89999 } }

  expect(isDefiniteRefusal(new Problem('UPSTREAM_REJECTED', options))).toBe(true)
  expect(isDefiniteRefusal(new Problem('UPSTREAM_REJECTED', { ...options, isBeforehand: true }))).toBe(false)
})
