import type { Schedule } from '../shared/function/define.ts'

const EVERY_MINUTES: readonly unknown[] = [1, 2, 5, 10, 15, 30] satisfies Schedule['everyMinutes'][]

/**
 * Whether both platforms can keep this schedule: its minutes divide the hour.
 *
 * Such an interval says the same in every time zone; CloudBase counts in UTC+8, EventBridge in UTC.
 */
export const isSchedule = (value: unknown): value is Schedule =>
  typeof value === 'object' &&
  value !== null &&
  'everyMinutes' in value &&
  EVERY_MINUTES.includes(value.everyMinutes)

/**
 * CloudBase's seven fields: second, minute, hour, day, month, weekday, year.
 *
 * https://docs.cloudbase.net/cloud-function/timer-trigger
 */
export const toCron = ({ everyMinutes }: Schedule): string =>
  `0 ${everyMinutes === 1 ? '*' : `*/${everyMinutes}`} * * * * *`

/**
 * EventBridge's rate expression, which wants its unit in the right number.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export const toRate = ({ everyMinutes }: Schedule): string =>
  `rate(${everyMinutes} ${everyMinutes === 1 ? 'minute' : 'minutes'})`
