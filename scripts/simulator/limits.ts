import type { Api } from './api.ts'
import { ApiError } from './apiError.ts'

const MINUTE_MS = 60_000
const CHINA_OFFSET_MS = 8 * 3600_000
const LIMITED_CODES = 100_000

export type Limits = ReturnType<typeof createLimits>

/** The calendar day in China, where WeChat's daily quotas begin anew at midnight. */
export const chinaDay = (atMs: number) => new Date(atMs + CHINA_OFFSET_MS).toISOString().slice(0, 10)

/** How often each API may be called, per minute and per day, and how many limited codes the account has left. */
export function createLimits(nowMs: () => number) {
  const dailyQuotas = new Map<string, number>()
  const minuteLimits = new Map<string, number>()
  const counts = new Map<string, { window: string; calls: number }>()
  let limitedCodesLeft = LIMITED_CODES

  function count(key: string, window: string): number {
    const former = counts.get(key)
    const calls = former?.window === window ? former.calls + 1 : 1
    counts.set(key, { window, calls })
    return calls
  }

  return {
    /** Counts one call of an API; throws WeChat's refusal when it was one too many. */
    spend(path: string, api: Pick<Api, 'perMinute' | 'perDay'>): void {
      const minute = String(Math.floor(nowMs() / MINUTE_MS))
      const perMinute = minuteLimits.get(path) ?? api.perMinute?.calls ?? Number.POSITIVE_INFINITY
      if (count(`minute ${path}`, minute) > perMinute) {
        throw new ApiError(
          api.perMinute?.errcode ?? 45011,
          'api minute-quota reach limit, must slower, retry next minute',
        )
      }

      const perDay = dailyQuotas.get(path) ?? api.perDay ?? Number.POSITIVE_INFINITY
      if (count(`day ${path}`, chinaDay(nowMs())) > perDay)
        throw new ApiError(45009, 'reach max api daily quota limit')
    },

    /** Takes one of the 100,000 codes that an account may ever make; returns how many are used. */
    spendLimitedCode(): number {
      if (limitedCodesLeft <= 0) throw new ApiError(45029, 'qrcode count out of limit')
      limitedCodesLeft -= 1
      return LIMITED_CODES - limitedCodesLeft
    },

    setDailyQuota(path: string, calls: number): void {
      dailyQuotas.set(path, calls)
    },
    setMinuteLimit(path: string, calls: number): void {
      minuteLimits.set(path, calls)
    },
    setLimitedCodesLeft(codes: number): void {
      limitedCodesLeft = codes
    },
  }
}
