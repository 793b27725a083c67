const DAY_MS = 86_400_000
/** China has one time zone and no summer time. */
const CHINA_OFFSET_MS = 8 * 3_600_000

/** The calendar day in China (`2026-01-15`), in which WeChat counts its daily quotas, and when it ends. */
export function chinaDayAt(nowMs: number): { readonly day: string; readonly endsAtMs: number } {
  const chinaMs = nowMs + CHINA_OFFSET_MS
  return {
    day: new Date(chinaMs).toISOString().slice(0, 10),
    endsAtMs: (Math.floor(chinaMs / DAY_MS) + 1) * DAY_MS - CHINA_OFFSET_MS,
  }
}
