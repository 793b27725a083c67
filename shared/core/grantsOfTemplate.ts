/** Something that happened to a user's grants of one template. */
export type Happening = Tap | Withdrawal | NoneLeft | Send

/** The user's answer to the subscribe popup, as one of two told it. The other may tell the same one. */
export type Tap = {
  readonly kind: 'tap'
  readonly source: 'frontEnd' | 'push'
  readonly isAccepted: boolean
  readonly atMs: number
}

/** The user switched the template off, and all grants with it. */
type Withdrawal = { readonly kind: 'withdrawal'; readonly atMs: number }

/** WeChat refused a message for want of a grant. */
type NoneLeft = { readonly kind: 'noneLeft'; readonly atMs: number }

/** A message that uses a grant up. */
export type Send = {
  readonly kind: 'send'
  readonly sendId: string
  /** When the grant was reserved, before WeChat was asked. */
  readonly atMs: number
  /** WeChat has taken what is `sent`, whether or not it reached the user. */
  readonly state: 'started' | 'unknown' | 'sent'
  readonly msgid?: string
}

/** A user's grants of one template: a count, and what has happened since, in the order of time. */
export type TemplateGrants = {
  readonly templateId: string
  /** How many there were before the first of the happenings. */
  readonly base: number
  readonly happenings: readonly Happening[]
  /** Set once the user is known to have granted anything. */
  readonly isKnown?: true
}

/** What a count depends on besides what happened. */
export type CountOptions = {
  readonly nowMs: number
  /** The templates to which a user agrees once for any number of messages. */
  readonly longTermTemplates: readonly string[]
}

/** WeChat tells whole seconds. */
export const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
/** The front end tells of a tap within it, or its telling counts as another. */
const PAIR_WITHIN_MS = 10 * MINUTE_MS
/** By so much our clock may be behind WeChat's. */
const CLOCKS_DIFFER_MS = 30 * SECOND_MS
/** After so long without a report a message of which nobody knows the end is taken for not sent. */
export const REPORTED_WITHIN_MS = 60 * MINUTE_MS
/** News older than this come no more. */
const MEMORY_MS = 48 * 60 * MINUTE_MS
/** What lies further ahead was written by a clock that is off. */
export const MAX_AHEAD_MS = 15 * MINUTE_MS

/**
 * Of what WeChat tells of one second a tap comes last: a grant too many is found out by the next message, one
 * too few is lost. What our own clock has stamped comes after it, in the order in which it was entered.
 */
const rankOf = (happening: Happening): number => {
  if (happening.kind === 'withdrawal') return 0
  return happening.kind === 'tap' && happening.source === 'push' ? 1 + Number(happening.isAccepted) : 3
}

/** Puts a happening where it belongs in time, so that it does not matter when one hears of it. */
export function insertHappening(happenings: readonly Happening[], next: Happening): readonly Happening[] {
  const before = happenings.findLastIndex(
    (other) => other.atMs < next.atMs || (other.atMs === next.atMs && rankOf(other) <= rankOf(next)),
  )
  return happenings.toSpliced(before + 1, 0, next)
}

/** Whether nobody knows, nor will any more, that the message went out. */
const isTakenForUnsent = ({ state, atMs }: Send, nowMs: number): boolean =>
  state !== 'sent' && nowMs - atMs >= REPORTED_WITHIN_MS

/**
 * How many messages the user still allows; 1 or 0 of a long-term template.
 *
 * An accepted tap grants one message and a message uses one up, but there are never less than none: what WeChat
 * took without a grant that we know of was granted by a tap that we did not hear of.
 */
export const countGrants = (grants: TemplateGrants, options: CountOptions): number =>
  replay(grants, grants.happenings, toldAgain(grants.happenings), options)

function replay(
  { templateId, base }: TemplateGrants,
  happenings: readonly Happening[],
  again: ReadonlyMap<Happening, Happening>,
  { nowMs, longTermTemplates }: CountOptions,
): number {
  const isLongTerm = longTermTemplates.includes(templateId)
  const after = (count: number, happening: Happening): number => {
    switch (happening.kind) {
      case 'tap':
        if (again.has(happening)) return count
        if (isLongTerm) return Number(happening.isAccepted)
        return count + Number(happening.isAccepted)
      case 'send':
        return isLongTerm || isTakenForUnsent(happening, nowMs) ? count : Math.max(0, count - 1)
      case 'withdrawal':
        return 0
      case 'noneLeft':
        return Math.min(
          count,
          happenings.filter((tap) => mayFollow(tap, happening) && !again.has(tap)).length,
        )
    }
  }
  return happenings.reduce(after, base)
}

/** A tap that WeChat tells of counts from the start of its second, and may have come at its end. */
const mayFollow = (tap: Happening, { atMs }: NoneLeft): boolean =>
  tap.kind === 'tap' &&
  tap.source === 'push' &&
  tap.isAccepted &&
  tap.atMs <= atMs &&
  atMs - tap.atMs < SECOND_MS

/**
 * The taps that were told a second time, by the other source, each with its first telling.
 *
 * WeChat tells when the user tapped, the front end tells afterwards: what it tells first goes with the first push
 * that it may be about. So there is a push for each telling, whenever there is one for each tap.
 */
function toldAgain(happenings: readonly Happening[]): ReadonlyMap<Happening, Happening> {
  const taps = happenings.filter((happening) => happening.kind === 'tap')
  const again = new Map<Happening, Happening>()
  const paired = new Set<Happening>()
  for (const told of taps.filter(({ source }) => source === 'frontEnd')) {
    const pushed = taps.find((tap) => !paired.has(tap) && mayBeSame(tap, told))
    if (!pushed) continue

    paired.add(pushed)
    if (told.atMs < pushed.atMs) again.set(pushed, told)
    else again.set(told, pushed)
  }
  return again
}

const mayBeSame = (pushed: Tap, told: Tap): boolean =>
  pushed.source === 'push' &&
  pushed.isAccepted === told.isAccepted &&
  told.atMs - pushed.atMs <= PAIR_WITHIN_MS &&
  pushed.atMs - told.atMs <= CLOCKS_DIFFER_MS

/** A refusal is not parted from a tap of its second, which it would no longer find. */
function endOfFold(happenings: readonly Happening[], end: number): number {
  const folded = happenings.slice(0, end)
  const refusal = happenings.findLastIndex(
    (other) => other.kind === 'noneLeft' && folded.some((tap) => mayFollow(tap, other)),
  )
  return refusal < end ? end : endOfFold(happenings, refusal + 1)
}

/**
 * The same grants with a bounded memory: what is old, or beyond the limit, is folded into the base. What a
 * clock that is off has put into the future is taken to have happened now.
 */
export function foldGrants(grants: TemplateGrants, limit: number, options: CountOptions): TemplateGrants {
  const { nowMs } = options
  const happenings = grants.happenings.map((happening) =>
    happening.atMs - nowMs > MAX_AHEAD_MS ? { ...happening, atMs: nowMs } : happening,
  )
  const old = happenings.findLastIndex(({ atMs }) => nowMs - atMs > MEMORY_MS) + 1
  const folded = happenings.slice(0, endOfFold(happenings, Math.max(old, happenings.length - limit)))
  const again = toldAgain(happenings)
  const isFolded = (happening: Happening | undefined) => happening !== undefined && folded.includes(happening)
  return {
    ...grants,
    base: replay(grants, folded, again, options),
    happenings: happenings.slice(folded.length).filter((happening) => !isFolded(again.get(happening))),
  }
}
