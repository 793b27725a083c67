import { type CountOptions, countGrants } from '../core/grantsOfTemplate.ts'
import {
  endSend,
  findSend,
  grantsOf,
  hearNews,
  isSending,
  NO_GRANTS,
  remainingOf,
  reserveGrant,
  type SendEnd,
  tidyGrants,
  type UserGrants,
} from '../core/grantsOfUser.ts'
import { Problem } from '../core/problem.ts'
import type { Random } from '../ports/random.ts'
import type { Reconciled } from './effects.ts'
import { clearInboxes, readInboxes, waitingIn } from './grantInbox.ts'
import { type LedgerOptions, type LedgerState, readGrants, toChange } from './grantLedger.ts'
import type { Slot } from './records.ts'
import { handleOf } from './sessionToken.ts'
import type { Spending } from './spending.ts'

/** A message that is to be sent. */
type SendOptions = LedgerOptions & {
  readonly openid: string
  readonly templateId: string
  /** Whatever has this id is the same message. */
  readonly sendId: string
  readonly deadlineAtMs: number
  /** For how long the same id stands for the same message. */
  readonly keepMs: number
  /** Whether a message without a known grant is not to be sent. */
  readonly isEnforced: boolean
}

/** What is known of a message that was sent. */
export type SentMessage = {
  readonly msgid?: string
  /** How many more the user allows, where any grant was ever heard of. */
  readonly remaining?: number
}

/** Beyond the deadline, for clocks that differ. */
const LEASE_MARGIN_MS = 1000
/** What a send needs once its turn has come. */
const SENDING_MS = 2000
/** Whoever has reserved so lately may still be at it, even by a clock that is far off. */
const MAYBE_ALIVE_MS = 60_000
const MIN_PAUSE_MS = 50
const MAX_PAUSE_MS = 150
const RETRY_AFTER_MS = 1000

export type GrantedSend = ReturnType<typeof createGrantedSend>

/**
 * A message in the ledger of its user's grants, from before it is sent until its end is known.
 *
 * Messages to one user take turns, in all instances: WeChat refuses a second one while it is at the first
 * (43108). Whoever dies holds the turn until a second beyond its deadline.
 */
export function createGrantedSend(
  { records, clock, random }: LedgerState & { readonly random: Random },
  { openid, templateId, sendId, deadlineAtMs, keepMs, isEnforced, longTermTemplates }: SendOptions,
) {
  const handle = handleOf(openid)
  const key = { sendId, templateId }
  const untilMs = deadlineAtMs + LEASE_MARGIN_MS
  let reserved: Slot<UserGrants> | undefined

  const optionsNow = (): CountOptions => ({ nowMs: clock.nowMs(), longTermTemplates })

  /** Never fails: what cannot be written is found out by a report, or after an hour. */
  async function end(how: SendEnd): Promise<UserGrants> {
    const options = optionsNow()
    let grants = reserved?.value ?? NO_GRANTS
    const change = (found: UserGrants | undefined) => {
      if (!found) return undefined
      grants = endSend(found, key, how)
      return toChange(grants, options)
    }
    await records.update('grants', handle, change, reserved).catch(() => undefined)
    return grants
  }

  /** Takes the turn and a grant; `undefined` while somebody else has the turn. */
  async function tryToReserve(): Promise<Slot<UserGrants> | undefined> {
    const slot = await readGrants(records, handle)
    const options = optionsNow()
    const { nowMs } = options
    let grants = tidyGrants(slot.value ?? NO_GRANTS, options)
    const earlier = findSend(grants, key)
    if (earlier && nowMs - earlier.atMs < MAYBE_ALIVE_MS) {
      // Our own write, of which we did not hear.
      if (grants.sending?.sendId === sendId && grants.sending.untilMs === untilMs) return slot
      throw new Problem('IN_PROGRESS', { retryAfterMs: earlier.atMs + MAYBE_ALIVE_MS - nowMs })
    }
    if (isSending(grants, nowMs)) return undefined

    const isNoneLeft = () => countGrants(grantsOf(grants, templateId), options) === 0
    const mayWait = isNoneLeft() && (isEnforced || remainingOf(grants, templateId, options) === 0)
    const inboxes = mayWait ? await readInboxes(records, handle) : []
    grants = hearNews(grants, waitingIn(inboxes), nowMs)
    if (isEnforced && isNoneLeft())
      throw new Problem('USER_REFUSED', { reason: 'no grant is known', isBeforehand: true })

    const { value, expiresAtMs } = toChange(reserveGrant(grants, key, { atMs: nowMs, untilMs }), options)
    const written = await records.write(slot, value, expiresAtMs).catch(async (thrown: unknown) => {
      // It may have been written all the same.
      await end({ state: 'unsent' })
      throw thrown
    })
    if (written) await clearInboxes(inboxes, records, value)
    return written
  }

  function toSent(grants: UserGrants, msgid: string | undefined): SentMessage {
    const remaining = remainingOf(grants, templateId, optionsNow())
    return { ...(msgid !== undefined && { msgid }), ...(remaining !== undefined && { remaining }) }
  }

  return {
    /**
     * Waits for the user's turn and takes a grant, before anything is sent. It is given back unless WeChat
     * says that there was none.
     *
     * @throws Problem `USER_REFUSED` where a grant is needed and none is known, `RATE_LIMITED` when the turn
     * does not come in time, `IN_PROGRESS` when this very message is under way, `STATE_UNAVAILABLE`,
     * `CONFIG_ERROR` when the key of the ledger was retired
     */
    async reserve(): Promise<Spending> {
      const startedAtMs = clock.nowMs()
      const patienceMs = deadlineAtMs - SENDING_MS - startedAtMs
      let pausedMs = 0
      for (;;) {
        const slot = await tryToReserve()
        if (slot) {
          reserved = slot
          break
        }
        const pauseMs = MIN_PAUSE_MS + random.fraction() * (MAX_PAUSE_MS - MIN_PAUSE_MS)
        pausedMs += pauseMs
        if (Math.max(pausedMs, clock.nowMs() - startedAtMs) > patienceMs)
          throw new Problem('RATE_LIMITED', {
            reason: 'other messages to this user are on their way',
            retryAfterMs: RETRY_AFTER_MS,
          })
        await clock.sleep(pauseMs)
      }
      return {
        async giveBack({ code }) {
          await end({ state: 'unsent', isNoneLeft: code === 'USER_REFUSED' })
        },
      }
    },

    /** Enters that WeChat has taken the message. Never fails. */
    sent: async (msgid: string | undefined): Promise<SentMessage> =>
      toSent(await end({ state: 'sent', msgid }), msgid),

    /** Enters that nobody knows the end; tells of it when WeChat has reported it already. Never fails. */
    async unknown(): Promise<SentMessage | undefined> {
      const grants = await end({ state: 'unknown' })
      const send = findSend(grants, key)
      return send?.state === 'sent' ? toSent(grants, send.msgid) : undefined
    },

    /**
     * What has become of the message of an earlier call, as far as the ledger shows: every message is in it
     * before it is sent.
     *
     * @throws Problem `STATE_UNAVAILABLE`, `CONFIG_ERROR` as above
     */
    async trace(): Promise<Reconciled<SentMessage>> {
      const [slot, inboxes] = await Promise.all([readGrants(records, handle), readInboxes(records, handle)])
      const keptSinceMs = clock.nowMs() - keepMs
      const grants = hearNews(slot.value ?? NO_GRANTS, waitingIn(inboxes), clock.nowMs())
      const send = findSend(grants, key)
      if (send && send.atMs > keptSinceMs)
        return send.state === 'sent' ? { answer: toSent(grants, send.msgid) } : undefined

      return (grants.forgottenToMs ?? 0) < keptSinceMs ? 'neverBegun' : undefined
    },
  }
}
