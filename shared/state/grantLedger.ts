import { sha256Base64Url } from '../core/digest.ts'
import type { GrantNews } from '../core/grantNews.ts'
import { type CountOptions, countGrants } from '../core/grantsOfTemplate.ts'
import {
  grantsOf,
  hearNews,
  isWorthKeeping,
  NO_GRANTS,
  type Told,
  tidyGrants,
  type UserGrants,
} from '../core/grantsOfUser.ts'
import type { Clock } from '../ports/clock.ts'
import { clearInboxes, putIntoInbox, readInboxes, waitingIn } from './grantInbox.ts'
import { type Records, requireReadable, type Slot } from './records.ts'
import { handleOf } from './sessionToken.ts'

export type LedgerState = { readonly records: Records; readonly clock: Clock }

export type LedgerOptions = Pick<CountOptions, 'longTermTemplates'>

/** News that came together. Whatever has this id is the same news. */
export type NewsTold = { readonly id: string; readonly news: readonly GrantNews[] }

/** How long a store may take before news are left in the inbox as well. WeChat waits for a second. */
const SLOW_AFTER_MS = 100
/** How long grants are kept of which none is left: longer than news and reports come late. */
const KEEP_MS = 8 * 86_400_000

const newsIdOf = (source: Told['source'], id: string): string =>
  sha256Base64Url(`${source} ${id}`).slice(0, 22)

/**
 * Enters what WeChat has pushed about a user's grants: each tap, withdrawal and report once and at its time,
 * in whatever order and however often it is told.
 *
 * It resolves after one durable write. Entering takes a read and a write; where the store is so slow that this
 * takes more than a moment, the news are also left in an inbox, which is one write, and whichever is done
 * first counts. What is left there is entered when the count is asked for, or a send finds nothing granted.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the keys of the user's records were retired
 */
export async function receiveNews(
  state: LedgerState,
  openid: string,
  { id, news }: NewsTold,
  { longTermTemplates }: LedgerOptions,
): Promise<void> {
  const telling = news.filter((piece) => isTelling(piece, longTermTemplates))
  if (telling.length === 0) return

  const { records, clock } = state
  const handle = handleOf(openid)
  const told: Told = { id: newsIdOf('push', id), source: 'push', news: telling }
  const isOver = new AbortController()
  const entered = enterNews(state, handle, [told], { longTermTemplates })
  const aside = clock.sleep(SLOW_AFTER_MS, isOver.signal).then(async () => {
    if (isOver.signal.aborted) return
    return putIntoInbox(records, handle, told)
  })
  entered.then(() => isOver.abort()).catch(() => undefined)
  // The later of the two cleans up.
  Promise.all([entered, aside])
    .then(([grants, clear]) => clear?.(grants))
    .catch(() => undefined)

  await Promise.any([entered, aside]).catch(({ errors: [thrown] }: AggregateError) => {
    throw thrown
  })
}

/** A one-time template that is not ticked leaves what was granted before as it was. */
const isTelling = (news: GrantNews, longTermTemplates: readonly string[]): boolean =>
  news.kind !== 'tap' || news.isAccepted || longTermTemplates.includes(news.templateId)

/**
 * Enters what the front end tells of the user's answers to the subscribe popup, and counts what is left of
 * each template.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` as above
 */
export async function recordTaps(
  state: LedgerState,
  openid: string,
  { id, news }: NewsTold,
  { longTermTemplates }: LedgerOptions,
): Promise<(templateId: string) => number> {
  const telling = news.filter((piece) => isTelling(piece, longTermTemplates))
  const told: readonly Told[] =
    telling.length === 0 ? [] : [{ id: newsIdOf('frontEnd', id), source: 'frontEnd', news: telling }]
  const handle = handleOf(openid)
  const [seen, inboxes] = await Promise.all([
    readGrants(state.records, handle),
    readInboxes(state.records, handle),
  ])
  const all = [...waitingIn(inboxes), ...told]
  const grants = await enterNews(state, handle, all, { longTermTemplates }, seen)
  await clearInboxes(inboxes, state.records, grants)
  const options = { nowMs: state.clock.nowMs(), longTermTemplates }
  return (templateId) => countGrants(grantsOf(grants, templateId), options)
}

/** Enters news, and returns what is granted now. */
async function enterNews(
  { records, clock }: LedgerState,
  handle: string,
  told: readonly Told[],
  { longTermTemplates }: LedgerOptions,
  seen?: Slot<UserGrants>,
): Promise<UserGrants> {
  const options = { nowMs: clock.nowMs(), longTermTemplates }
  let grants = NO_GRANTS
  await records.update<UserGrants>(
    'grants',
    handle,
    (found = NO_GRANTS, slot) => {
      requireReadable(slot)
      const heard = hearNews(found, told, options.nowMs)
      grants = tidyGrants(heard, options)
      return heard === found ? undefined : toChange(grants, options)
    },
    seen,
  )
  return grants
}

/**
 * What is known of a user's grants. It must not be forgotten: WeChat tells nobody how many there are, and what
 * became of a message may be written nowhere else.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the key of the record was retired
 */
export async function readGrants(records: Records, handle: string): Promise<Slot<UserGrants>> {
  const slot = await records.read<UserGrants>('grants', handle)
  requireReadable(slot)
  return slot
}

/** How grants are written: for good as long as anything is granted. */
export const toChange = (
  value: UserGrants,
  options: CountOptions,
): { readonly value: UserGrants; readonly expiresAtMs?: number } => ({
  value,
  ...(!isWorthKeeping(value, options) && { expiresAtMs: options.nowMs + KEEP_MS }),
})
