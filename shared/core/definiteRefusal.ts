import type { Problem } from './problem.ts'
import { isTokenErrcode } from './tokenErrcodes.ts'

/**
 * Whether WeChat has said no to the request, and would say it again. What may pass (a refused token among it),
 * what the operator can mend, and what was said before the request was made is no such answer.
 */
export const isDefiniteRefusal = ({ retryable, code, options }: Problem): boolean =>
  !retryable && code !== 'CONFIG_ERROR' && !options.isBeforehand && !isTokenErrcode(options.upstream?.errcode)
