import type { Told, UserGrants } from '../core/grantsOfUser.ts'
import { Problem } from '../core/problem.ts'
import { type Records, requireReadable, type Slot } from './records.ts'

/** News that could not be entered at once, and wait for whoever enters the next. */
type Inbox = readonly Told[]

/** More pieces of news than this show that nobody can enter them. */
const MAX_NEWS = 400

/** What waits for a user; one that cannot be opened says nothing, and stays. */
export const readInbox = (records: Records, handle: string): Promise<Slot<Inbox>> =>
  records.read<Inbox>('grantInbox', handle)

/**
 * Leaves news for later: one write, unless others wait already. It stays for good, as the grants would.
 *
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the key of what waits was retired
 */
export const putIntoInbox = (records: Records, handle: string, told: Told): Promise<void> =>
  records.update<Inbox>(
    'grantInbox',
    handle,
    (waiting = [], slot) => {
      requireReadable(slot)
      if (waiting.some(({ id }) => id === told.id)) return undefined
      if (waiting.flatMap(({ news }) => news).length >= MAX_NEWS)
        throw new Problem('STATE_UNAVAILABLE', { detail: 'the inbox of grants is full' })

      return { value: [...waiting, told] }
    },
    records.empty<Inbox>('grantInbox', handle),
  )

/** Removes what waited, once all of it is entered. What remains when this fails is entered again without effect. */
export async function clearInbox(records: Records, inbox: Slot<Inbox>, { heard }: UserGrants): Promise<void> {
  const isEntered = inbox.value?.every((told) => heard.some(({ id }) => id === told.id))
  if (isEntered) await records.remove(inbox).catch(() => undefined)
}
