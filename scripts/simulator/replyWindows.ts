import { ApiError } from './apiError.ts'

/** What one act of the user allows to be sent to them, and for how long. */
const ALLOWANCES = {
  message: { messages: 5, lifeMs: 48 * 3600_000 },
  entry: { messages: 2, lifeMs: 60_000 },
} as const
type Act = keyof typeof ALLOWANCES

export type ReplyWindows = ReturnType<typeof createReplyWindows>

/** How many customer messages may be sent to each user: what their last message and their last entry still allow. */
export function createReplyWindows(nowMs: () => number) {
  const windows = new Map<string, { messagesLeft: number; readonly endsAtMs: number }>()
  const keyOf = (openid: string, act: Act) => `${act} ${openid}`

  return {
    /** The user wrote, or entered the session: the allowance of that act is whole again. */
    open(openid: string, act: Act): void {
      const { messages, lifeMs } = ALLOWANCES[act]
      windows.set(keyOf(openid, act), { messagesLeft: messages, endsAtMs: nowMs() + lifeMs })
    },

    /** Counts one message against every open window, as they do not add up. Throws when it may not be sent. */
    spend(openid: string): void {
      const open = (['message', 'entry'] as const)
        .map((act) => windows.get(keyOf(openid, act)))
        .filter((window) => window !== undefined)
        .filter(({ endsAtMs }) => nowMs() < endsAtMs)
      if (open.length === 0) {
        throw new ApiError(45015, 'response out of time limit or subscription is canceled')
      }
      if (open.every(({ messagesLeft }) => messagesLeft <= 0)) {
        throw new ApiError(45047, 'out of response count limit')
      }
      for (const window of open) window.messagesLeft -= 1
    },
  }
}
