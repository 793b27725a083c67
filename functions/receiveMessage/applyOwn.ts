import type { Context } from '../../shared/function/define.ts'
import { readGrantNews } from '../../shared/push/readGrantNews.ts'
import { readMediaVerdict } from '../../shared/push/readMediaVerdict.ts'
import { type PushMessage, pushIdOf } from '../../shared/push/readPushMessage.ts'
import { receiveNews } from '../../shared/state/grantLedger.ts'
import { keepPushedVerdict } from '../../shared/state/mediaJobs.ts'

/**
 * Applies what our own functions wait for: verdicts of media checks, and news about grants. Resolves when it is
 * written down; `undefined` when the message is about neither, or about another mini program.
 */
export function applyOwn(context: Context, message: PushMessage): Promise<void> | undefined {
  const { config } = context
  const found = readMediaVerdict(message)
  if (found) {
    const isOurs = found.appId === undefined || found.appId === config.appId
    return isOurs ? keepPushedVerdict(context, found) : undefined
  }
  const news = readGrantNews(message)
  if (news.length === 0) return undefined

  return receiveNews(context, message.fromUserName, { id: pushIdOf(message), news }, config)
}
