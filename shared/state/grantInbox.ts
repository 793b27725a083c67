import type { Told, UserGrants } from '../core/grantsOfUser.ts'
import { Problem } from '../core/problem.ts'
import { type Records, requireReadable, type Slot } from './records.ts'

/** News that could not be entered at once, and wait for whoever needs them. */
type Inbox = readonly Told[]

/** More pieces of news than this show that nobody can enter them. */
const MAX_NEWS = 400
/** So many inboxes a user has, so that news that come one after the other do not meet in one. */
const INBOXES = 4

const idOf = (handle: string, inbox: number): string => `${handle}:${inbox}`

/** The inbox of this process's next news. Others begin elsewhere. */
let turn: number | undefined

function nextInbox({ id }: Told): number {
  turn = (turn ?? id.charCodeAt(0)) + 1
  return turn % INBOXES
}

/** What waits for a user; what cannot be opened says nothing, and stays. */
export const readInboxes = (records: Records, handle: string): Promise<readonly Slot<Inbox>[]> =>
  Promise.all(
    Array.from({ length: INBOXES }, (_, inbox) => records.read<Inbox>('grantInbox', idOf(handle, inbox))),
  )

/** All news in these inboxes. */
export const waitingIn = (inboxes: readonly Slot<Inbox>[]): readonly Told[] =>
  inboxes.flatMap(({ value = [] }) => value)

/**
 * Leaves news for later: one write, unless others wait in the same inbox. It stays for good, as the grants would.
 *
 * @returns a removal of what was left, once it is entered
 * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` when the key of what waits was retired
 */
export async function putIntoInbox(
  records: Records,
  handle: string,
  told: Told,
): Promise<(grants: UserGrants) => Promise<void>> {
  const id = idOf(handle, nextInbox(told))
  await records.update<Inbox>(
    'grantInbox',
    id,
    (waiting = [], slot) => {
      requireReadable(slot)
      if (waiting.some((other) => other.id === told.id)) return undefined
      if (waiting.flatMap(({ news }) => news).length >= MAX_NEWS)
        throw new Problem('STATE_UNAVAILABLE', { detail: 'the inbox of grants is full' })

      return { value: [...waiting, told] }
    },
    records.empty<Inbox>('grantInbox', id),
  )
  return async (grants) => clearInboxes([await records.read<Inbox>('grantInbox', id)], records, grants)
}

/** Removes what waited, once all of it is entered. What remains when this fails is entered again without effect. */
export async function clearInboxes(
  inboxes: readonly Slot<Inbox>[],
  records: Records,
  { heard }: UserGrants,
): Promise<void> {
  const known = new Set(heard.map(({ id }) => id))
  const entered = inboxes.filter(({ value }) => value?.every(({ id }) => known.has(id)))
  await Promise.all(entered.map((inbox) => records.remove(inbox).catch(() => undefined)))
}
