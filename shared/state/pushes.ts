import { Problem } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Records, Slot } from './records.ts'

/** A message as it arrived, before anybody made sense of it. */
export type RawMessage = { readonly format: 'json' | 'xml'; readonly text: string }

/** What became of a message that is not ours to apply. */
type PushRecord<R> = RawMessage & {
  readonly receivedAtMs: number
  /** `kept` for somebody to look at; the others are about its handler. */
  readonly state: 'kept' | 'started' | 'failed' | 'done' | 'quarantined'
  readonly tries: number
  readonly leaseEndsAtMs: number
  readonly reply?: R
}

type State = { readonly records: Records; readonly clock: Clock }

/** Much longer than WeChat repeats a push, and long enough to look at what was kept. */
const KEEP_MS = 7 * 86_400_000
/** As often as WeChat tells. */
export const MAX_TRIES = 3
/** Beyond the deadline, for clocks that differ. */
const LEASE_MARGIN_MS = 500
/** A try that seems to last longer was begun by a clock that is off. */
const MAX_LEASE_AHEAD_MS = 900_000

/**
 * Keeps a message for whoever wants to look at it: one write. Returns whether it is the first of its kind.
 *
 * @throws Problem `STATE_UNAVAILABLE`
 */
export async function keepMessage({ records, clock }: State, id: string, raw: RawMessage): Promise<boolean> {
  const nowMs = clock.nowMs()
  const kept = { ...raw, receivedAtMs: nowMs, state: 'kept', tries: 0, leaseEndsAtMs: nowMs } as const
  return (await records.write(records.empty('push', id), kept, nowMs + KEEP_MS)) !== undefined
}

export type Handling<R> = {
  readonly id: string
  readonly raw: RawMessage
  /** When a try is over, whatever it has come to. */
  readonly deadlineAtMs: number
  /** When the answer should leave; what is done by then need not be written down by then. */
  readonly answerByMs: number
  readonly handle: () => Promise<R | undefined>
  /** Hears that a message is given up. */
  readonly onQuarantine: (tries: number) => void
}

/**
 * Lets a handler react to a message, once: WeChat's repeats of it hear the same reply, and none while the
 * handler is still at work.
 *
 * That a try has begun is written down first. A try that fails, or whose process dies, is followed by another
 * when WeChat repeats the message, up to three; then the message is set aside and acknowledged, and others go on.
 *
 * @throws Problem `IN_PROGRESS`, `STATE_UNAVAILABLE`, and what the handler throws while tries are left: WeChat
 * is to repeat the message then
 */
export async function handleOnce<R>(state: State, handling: Handling<R>): Promise<R | undefined> {
  const begun = await beginTry<R>(state, handling)
  if ('reply' in begun) return begun.reply

  const { slot, record } = begun
  const expiresAtMs = record.receivedAtMs + KEEP_MS
  try {
    const reply = await handling.handle()
    const done = { ...record, state: 'done', ...(reply !== undefined && { reply }) } as const
    await bestEffort(state, state.records.write(slot, done, expiresAtMs), handling)
    return reply
  } catch (thrown) {
    const isLast = record.tries >= MAX_TRIES
    const failed = { ...record, state: isLast ? 'quarantined' : 'failed' } as const
    await bestEffort(state, state.records.write(slot, failed, expiresAtMs), handling)
    if (!isLast) throw thrown

    handling.onQuarantine(record.tries)
    return undefined
  }
}

type Begun<R> =
  | { readonly slot: Slot<PushRecord<R>>; readonly record: PushRecord<R> }
  | { readonly reply: R | undefined }

async function beginTry<R>({ records, clock }: State, handling: Handling<R>): Promise<Begun<R>> {
  const nowMs = clock.nowMs()
  const leaseEndsAtMs = handling.deadlineAtMs + LEASE_MARGIN_MS
  let slot = records.empty<PushRecord<R>>('push', handling.id)
  let record: PushRecord<R> = {
    ...handling.raw,
    receivedAtMs: nowMs,
    state: 'started',
    tries: 1,
    leaseEndsAtMs,
  }
  for (;;) {
    const written = await records.write(slot, record, record.receivedAtMs + KEEP_MS)
    if (written && record.state === 'started') return { slot: written, record }
    if (written) {
      handling.onQuarantine(record.tries)
      return { reply: undefined }
    }
    slot = await records.read<PushRecord<R>>('push', handling.id)
    // One that cannot be opened was received as well, under a key that is gone.
    if (slot.version !== undefined && !slot.value) return { reply: undefined }

    const found = slot.value
    if (found && (found.state === 'done' || found.state === 'quarantined' || found.state === 'kept'))
      return { reply: found.reply }
    const remainingMs = found?.state === 'started' ? found.leaseEndsAtMs - nowMs : 0
    if (remainingMs > 0 && remainingMs <= MAX_LEASE_AHEAD_MS)
      throw new Problem('IN_PROGRESS', { retryAfterMs: remainingMs })
    if (found) {
      const hasTriesLeft = found.tries < MAX_TRIES
      record = hasTriesLeft
        ? { ...found, state: 'started', tries: found.tries + 1, leaseEndsAtMs }
        : { ...found, state: 'quarantined' }
    }
  }
}

/**
 * What is lost when this is not written, or not yet, is only that a repeat would know: and a message that was answered
 * is not repeated.
 */
async function bestEffort<R>(
  { clock }: State,
  writing: Promise<unknown>,
  { answerByMs, deadlineAtMs }: Handling<R>,
): Promise<void> {
  // Where the handler has taken its time, a little more does not matter.
  const untilMs = clock.nowMs() < answerByMs ? answerByMs : deadlineAtMs
  const written = new AbortController()
  const done = writing.catch(() => undefined).finally(() => written.abort())
  await Promise.race([done, clock.sleep(Math.max(0, untilMs - clock.nowMs()), written.signal)])
}

/** A message that was kept, set aside or handled, with what became of it; `undefined` when none has this id. */
export const readKeptMessage = async (records: Records, id: string): Promise<object | undefined> =>
  (await records.read<PushRecord<unknown>>('push', id)).value
