import type { GrantNews } from './grantNews.ts'
import {
  type CountOptions,
  countGrants,
  foldGrants,
  type Happening,
  insertHappening,
  MAX_AHEAD_MS,
  REPORTED_WITHIN_MS,
  SECOND_MS,
  type Send,
  type Tap,
  type TemplateGrants,
} from './grantsOfTemplate.ts'

/** All that is known of what a user allows to be sent. */
export type UserGrants = {
  /** The template that was used last comes last. */
  readonly templates: readonly TemplateGrants[]
  /** What was heard already, so that it counts once. */
  readonly heard: readonly { readonly id: string; readonly atMs: number }[]
  /** The message that is on its way: WeChat takes one at a time for a user. */
  readonly sending?: { readonly sendId: string; readonly untilMs: number }
  /** Messages since then are all remembered. */
  readonly forgottenToMs?: number
}

/** News that came together, and by which they are known when they come again. */
export type Told = {
  readonly id: string
  readonly source: Tap['source']
  readonly news: readonly GrantNews[]
}

/** A message, and the template whose grant it uses. */
export type SendKey = { readonly sendId: string; readonly templateId: string }

/** What became of a message. */
export type SendEnd =
  | { readonly state: 'sent'; readonly msgid?: string | undefined }
  | { readonly state: 'unknown' }
  /** It was not sent; `isNoneLeft` when WeChat refused it for want of a grant. */
  | { readonly state: 'unsent'; readonly isNoneLeft?: boolean }

export const NO_GRANTS: UserGrants = { templates: [], heard: [] }

const DAY_MS = 86_400_000
const HEARD_MS = 7 * DAY_MS
const MAX_HEARD = 500
const MAX_TEMPLATES = 100
const MAX_HAPPENINGS = 100
/** Together with the rest, two thirds of what a record holds. */
const MAX_HAPPENINGS_IN_ALL = 800

/** The grants of one template; none when nothing is known of it. */
export const grantsOf = ({ templates }: UserGrants, templateId: string): TemplateGrants =>
  templates.find((template) => template.templateId === templateId) ?? {
    templateId,
    base: 0,
    happenings: [],
  }

const withTemplate = (grants: UserGrants, changed: TemplateGrants): UserGrants => ({
  ...grants,
  templates: [...grants.templates.filter(({ templateId }) => templateId !== changed.templateId), changed],
})

/** Enters news, each at its time and once: the same grants when all of it was heard before. */
export function hearNews(grants: UserGrants, told: readonly Told[], nowMs: number): UserGrants {
  const entered = told.reduce<UserGrants>(
    (soFar, piece) => (soFar.heard.some(({ id }) => id === piece.id) ? soFar : hear(soFar, piece, nowMs)),
    grants,
  )
  if (entered === grants) return grants

  // What comes together is remembered together: whoever brings it waits until all of it is known.
  const limit = Math.max(MAX_HEARD, told.length)
  const heard = entered.heard.filter(({ atMs }) => nowMs - atMs < HEARD_MS).slice(-limit)
  return { ...entered, heard }
}

const hear = (grants: UserGrants, { id, source, news }: Told, nowMs: number): UserGrants =>
  news.reduce<UserGrants>(
    (soFar, piece) => withTemplate(soFar, withNews(grantsOf(soFar, piece.templateId), piece, source)),
    { ...grants, heard: [...grants.heard, { id, atMs: nowMs }] },
  )

function withNews(template: TemplateGrants, news: GrantNews, source: Tap['source']): TemplateGrants {
  const { happenings } = template
  const { atMs } = news
  if (news.kind === 'delivery') return { ...template, happenings: withReport(happenings, news) }
  if (news.kind === 'withdrawal')
    return { ...template, happenings: insertHappening(happenings, { kind: 'withdrawal', atMs }) }

  const { isAccepted } = news
  const tappedAtMs = source === 'frontEnd' ? after(happenings.filter(isOurs), atMs) : atMs
  const tap = { kind: 'tap', source, isAccepted, atMs: tappedAtMs } as const
  return {
    ...template,
    happenings: insertHappening(happenings, tap),
    ...(isAccepted && { isKnown: true }),
  }
}

/**
 * The time of something that one of us has just seen, after what was seen before, though the clock of whoever
 * wrote that was ahead: what we see ourselves stays in the order in which it was written down.
 */
const after = (happenings: readonly Happening[], nowMs: number): number =>
  Math.max(nowMs, ...happenings.map(({ atMs }) => atMs).filter((atMs) => atMs - nowMs <= MAX_AHEAD_MS))

/** Whether one of us has seen it, and WeChat has not told it. */
const isOurs = (happening: Happening): boolean =>
  happening.kind === 'tap' ? happening.source === 'frontEnd' : happening.kind !== 'withdrawal'

type Report = { readonly msgid: string; readonly atMs: number }

/**
 * A report shows that WeChat has taken the message with its id. Where no id is known, it is about one that WeChat has
 * confirmed, of which a report is sure to come, the first of them first; or else about the latest one of which
 * nobody knows the end.
 */
function withReport(happenings: readonly Happening[], { msgid, atMs }: Report): readonly Happening[] {
  const lastSend = (isIt: (send: Send) => boolean) =>
    happenings.findLastIndex((happening) => happening.kind === 'send' && isIt(happening))
  const mayBeIt = (send: Send) => send.msgid === undefined && send.atMs <= atMs + SECOND_MS
  const exact = lastSend((send) => send.msgid === msgid)
  const confirmed = happenings.findIndex(
    (happening) =>
      happening.kind === 'send' &&
      happening.state === 'sent' &&
      mayBeIt(happening) &&
      atMs - happening.atMs < REPORTED_WITHIN_MS,
  )
  const index = [exact, confirmed, lastSend(mayBeIt)].find((at) => at >= 0) ?? -1
  const send = happenings[index]
  return send?.kind === 'send' ? happenings.with(index, { ...send, state: 'sent', msgid }) : happenings
}

/** Takes a grant for a message that is about to be sent, and the user's turn with it. */
export function reserveGrant(
  grants: UserGrants,
  { templateId, sendId }: SendKey,
  { atMs, untilMs }: { readonly atMs: number; readonly untilMs: number },
): UserGrants {
  const template = grantsOf(grants, templateId)
  const send = { kind: 'send', sendId, atMs: after(template.happenings, atMs), state: 'started' } as const
  return {
    ...withTemplate(grants, { ...template, happenings: insertHappening(template.happenings, send) }),
    sending: { sendId, untilMs },
  }
}

/** The message; `undefined` when it was not sent, or is forgotten. */
export const findSend = (grants: UserGrants, { templateId, sendId }: SendKey): Send | undefined =>
  grantsOf(grants, templateId).happenings.findLast(
    (happening): happening is Send => happening.kind === 'send' && happening.sendId === sendId,
  )

/** Enters what became of a message, which gives the user's turn back. What a report has told of it stands. */
export function endSend(grants: UserGrants, key: SendKey, end: SendEnd): UserGrants {
  const { sending, ...others } = grants
  const freed = sending?.sendId === key.sendId ? others : grants
  const send = findSend(grants, key)
  if (!send) return freed

  const template = grantsOf(grants, key.templateId)
  const happenings = withEnd(template.happenings, send, end)
  const { msgid, atMs } = send
  const isDisplaced =
    msgid !== undefined && !happenings.some((other) => other.kind === 'send' && other.msgid === msgid)
  return withTemplate(freed, {
    ...template,
    // A report that seemed to be about this message was about one before it.
    happenings: isDisplaced ? withReport(happenings, { msgid, atMs }) : happenings,
  })
}

function withEnd(happenings: readonly Happening[], send: Send, end: SendEnd): readonly Happening[] {
  const index = happenings.indexOf(send)
  if (end.state !== 'unsent') {
    const state = send.state === 'sent' ? 'sent' : end.state
    const msgid = end.state === 'sent' ? end.msgid : undefined
    return happenings.with(index, { ...send, state, ...(msgid !== undefined && { msgid }) })
  }
  const others = happenings.toSpliced(index, 1)
  // What was granted before the message was on its way is gone; what was granted since is not.
  return end.isNoneLeft ? insertHappening(others, { kind: 'noneLeft', atMs: send.atMs }) : others
}

/** Whether a message to the user is on its way. A turn that seems to last longer was taken by a clock that is off. */
export function isSending({ sending }: UserGrants, nowMs: number): boolean {
  const leftMs = (sending?.untilMs ?? nowMs) - nowMs
  return leftMs > 0 && leftMs <= MAX_AHEAD_MS
}

/** How many messages are left to tell the caller: nothing where no grant was ever heard of, or one is for good. */
export function remainingOf(
  grants: UserGrants,
  templateId: string,
  options: CountOptions,
): number | undefined {
  const template = grantsOf(grants, templateId)
  const isCounted = template.isKnown && !options.longTermTemplates.includes(templateId)
  return isCounted ? countGrants(template, options) : undefined
}

/** Whether anything is granted, or would be if what nobody knows the end of was not sent. */
export const isWorthKeeping = ({ templates }: UserGrants, options: CountOptions): boolean =>
  templates.some((template) => isGranted(template, options))

const isGranted = (template: TemplateGrants, options: CountOptions): boolean =>
  countGrants(template, { ...options, nowMs: Number.POSITIVE_INFINITY }) > 0

/** The same grants within the bounds of a record: of templates without grants those go that were used long ago. */
export function tidyGrants(grants: UserGrants, options: CountOptions): UserGrants {
  const limit = Math.min(MAX_HAPPENINGS, Math.floor(MAX_HAPPENINGS_IN_ALL / grants.templates.length))
  const folded = grants.templates
    .map((template) => foldGrants(template, limit, options))
    .filter(({ isKnown, happenings }) => isKnown || happenings.length > 0)
  const byWorth = folded.toSorted((a, b) => Number(isGranted(a, options)) - Number(isGranted(b, options)))
  const dropped = new Set(byWorth.slice(0, Math.max(0, folded.length - MAX_TEMPLATES)))
  const templates = folded.filter((template) => !dropped.has(template))

  const remembered = new Set(sendsOf(templates).map(({ sendId }) => sendId))
  const forgotten = sendsOf(grants.templates).filter(({ sendId }) => !remembered.has(sendId))
  const forgottenToMs = Math.max(grants.forgottenToMs ?? 0, ...forgotten.map(({ atMs }) => atMs))
  return { ...grants, templates, ...(forgottenToMs > 0 && { forgottenToMs }) }
}

const sendsOf = (templates: readonly TemplateGrants[]): readonly Send[] =>
  templates.flatMap(({ happenings }) => happenings.filter((happening) => happening.kind === 'send'))
