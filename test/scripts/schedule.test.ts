import { expect, test } from 'vitest'
import { isSchedule, toCron, toRate } from '../../scripts/schedule.ts'
import type { Schedule } from '../../shared/function/define.ts'

const translations: readonly [Schedule['everyMinutes'], cron: string, rate: string][] = [
  [1, '0 * * * * * *', 'rate(1 minute)'],
  [2, '0 */2 * * * * *', 'rate(2 minutes)'],
  [5, '0 */5 * * * * *', 'rate(5 minutes)'],
  [10, '0 */10 * * * * *', 'rate(10 minutes)'],
  [15, '0 */15 * * * * *', 'rate(15 minutes)'],
  [30, '0 */30 * * * * *', 'rate(30 minutes)'],
]

test.each(translations)('every %i minutes is %s on CloudBase and %s on AWS', (everyMinutes, cron, rate) => {
  expect(toCron({ everyMinutes })).toBe(cron)
  expect(toRate({ everyMinutes })).toBe(rate)
  expect(isSchedule({ everyMinutes })).toBe(true)
})

test.each([7, 0, -5, 60, 1.5, '10', undefined])('every %s minutes is no schedule', (everyMinutes) => {
  expect(isSchedule({ everyMinutes })).toBe(false)
})
