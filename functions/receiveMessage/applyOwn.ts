import { sha256Base64Url } from '../../shared/core/digest.ts'
import type { GrantNews } from '../../shared/core/grantNews.ts'
import type { Context } from '../../shared/function/define.ts'
import { readGrantNews } from '../../shared/push/readGrantNews.ts'
import { readMediaVerdict } from '../../shared/push/readMediaVerdict.ts'
import { type PushMessage, pushIdOf } from '../../shared/push/readPushMessage.ts'
import { receiveNews } from '../../shared/state/grantLedger.ts'
import { isStandingVerdict, keepPushedVerdict } from '../../shared/state/mediaJobs.ts'

/** WeChat gives up within minutes, so what seems to be older, or yet to come, has no time that means anything. */
const PLAUSIBLE_MS = 48 * 3_600_000

/** What is done about a message whether or not a project has a handler for it. */
export type Applied = {
  /** Resolves when it is written down. */
  readonly done: Promise<unknown>
  /** Whether a handler is to go by the message: not by another verdict than the first on the same media. */
  isToGoBy(): Promise<boolean>
}

/**
 * Applies what our own functions wait for: verdicts of media checks, and news about grants. `undefined` when the
 * message is about neither, or about another mini program.
 */
export function applyOwn(context: Context, message: PushMessage): Applied | undefined {
  const { config, clock } = context
  const found = readMediaVerdict(message)
  if (found) {
    const isOurs = found.appId === undefined || found.appId === config.appId
    return isOurs ? applyVerdict(context, { ...found, pushId: pushIdOf(message) }) : undefined
  }
  const nowMs = clock.nowMs()
  const told = readGrantNews(message)
  const news = told.map((piece) => toPlausible(piece, nowMs))
  if (news.length === 0) return undefined

  // By what it says, however it is written: once as a number, once as its digits, it is the same news.
  const id = sha256Base64Url(JSON.stringify([message.createTimeSeconds, message.event, told]))
  const done = receiveNews(context, message.fromUserName, { id, news }, config)
  return { done, isToGoBy: async () => true }
}

const toPlausible = (piece: GrantNews, nowMs: number): GrantNews =>
  Math.abs(nowMs - piece.atMs) > PLAUSIBLE_MS ? { ...piece, atMs: nowMs } : piece

function applyVerdict(context: Context, pushed: Parameters<typeof keepPushedVerdict>[1]): Applied {
  const done = keepPushedVerdict(context, pushed)
  return { done, isToGoBy: async () => (await done) || isStandingVerdict(context, pushed) }
}
