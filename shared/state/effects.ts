import { isDefiniteRefusal } from '../core/definiteRefusal.ts'
import { sha256Hex } from '../core/digest.ts'
import { Problem, type ProblemCode } from '../core/problem.ts'
import type { Clock } from '../ports/clock.ts'
import { MAX_RECORD_LENGTH, type Records, requireReadable, type Slot } from './records.ts'
import type { Spending } from './spending.ts'

/** How far an effect has come, as far as anybody can know. */
type EffectRecord<T> = {
  readonly payloadHash: string
  readonly requestId: string
  /** Until when whoever started it may still be at work. */
  readonly leaseEndsAtMs: number
  readonly outcome?: Outcome<T>
}

type Outcome<T> =
  | { readonly kind: 'done'; readonly answer: T }
  | { readonly kind: 'refused'; readonly code: ProblemCode; readonly options: Problem['options'] }
  | { readonly kind: 'unknown' }

/**
 * What has become of an effect, from what it has left behind elsewhere: its answer, or that it certainly was not
 * begun and whoever claimed it does not begin it any more. `undefined` when that does not tell either.
 */
export type Reconciled<T> = { readonly answer: T } | 'neverBegun' | undefined

type EffectOptions<T> = {
  /** What makes two requests the same one. */
  readonly id: string
  /** A repeat must carry the same payload. */
  readonly payload: unknown
  readonly requestId: string
  /** The effect does not begin after it. */
  readonly deadlineAtMs: number
  /** How long a repeat gets the first answer; for good when it does not say. */
  readonly keepMs?: number
  /** Whether a request with another request id may try again what was refused, or what nobody knows the end of. */
  readonly mayBeRetried: boolean
  /** Takes what the effect costs. A repeat costs nothing, and whatever this throws lets nothing out. */
  readonly spend?: () => Promise<Spending>
  /** Asked where the record itself does not tell the end. */
  readonly reconcile?: () => Promise<Reconciled<T>>
}

type State = { readonly records: Records; readonly clock: Clock }

/** Beyond the deadline, for the answer to be written down and for clocks that differ. */
const LEASE_MARGIN_MS = 1000
/** A claim that seems to last longer was written by a clock that is off. */
const MAX_LEASE_AHEAD_MS = 900_000

/**
 * Does something at most once.
 *
 * That it has begun is written down before anything goes out; how it ended, after. So a repeat finds the
 * same answer or the same refusal, and where nobody can know (no answer came, or the process died in
 * between) it is told so instead of being sent again, until `reconcile` finds it out.
 *
 * Every write names the version that its writer saw last. Whoever finds a beginning without an end beyond its
 * lease writes before it tells or does anything: its own claim, or the end that nobody knows. A process that
 * was only frozen then finds its version gone, and cannot change what was told.
 *
 * @throws Problem `IDEMPOTENCY_MISMATCH`, `IN_PROGRESS`, `OUTCOME_UNKNOWN`, `STATE_UNAVAILABLE` before
 * anything went out, `UPSTREAM_TIMEOUT` when the deadline passed before it began, and what `spend` and
 * `effect` throw
 */
export async function runOnce<T>(
  { records, clock }: State,
  options: EffectOptions<T>,
  effect: () => Promise<T>,
): Promise<{ readonly answer: T; readonly repeated: boolean }> {
  const started: EffectRecord<T> = {
    payloadHash: sha256Hex(JSON.stringify(options.payload)),
    requestId: options.requestId,
    leaseEndsAtMs: options.deadlineAtMs + LEASE_MARGIN_MS,
  }
  const expiresAtMs = options.keepMs === undefined ? undefined : clock.nowMs() + options.keepMs
  const claim = await claimEffect(records, started, options, clock, expiresAtMs)
  if ('answer' in claim) return { answer: claim.answer, repeated: true }

  const { slot } = claim
  const release = () => releaseClaim(records, claim, expiresAtMs)
  const settle = (outcome: Outcome<T>) => settleEffect(records, slot, { ...started, outcome }, expiresAtMs)
  const spending = await options.spend?.().catch(async (thrown: unknown) => {
    await release()
    throw thrown
  })
  const answer = await beginInTime(effect, options, clock).catch(async (thrown: unknown) => {
    // Whatever is not a problem came up somewhere in the middle.
    if (!(thrown instanceof Problem) || thrown.code === 'OUTCOME_UNKNOWN') await settle({ kind: 'unknown' })
    else {
      if (isDefiniteRefusal(thrown)) {
        await settle({ kind: 'refused', code: thrown.code, options: thrown.options })
      } else await release()
      await spending?.giveBack(thrown)
    }
    throw thrown
  })
  await settle(isStorable(answer) ? { kind: 'done', answer } : { kind: 'unknown' })
  return { answer, repeated: false }
}

/** The lease outlives the deadline: whoever was frozen until another may take over does not begin. */
async function beginInTime<T>(
  effect: () => Promise<T>,
  { deadlineAtMs }: Pick<EffectOptions<T>, 'deadlineAtMs'>,
  clock: Clock,
): Promise<T> {
  if (clock.nowMs() >= deadlineAtMs)
    throw new Problem('UPSTREAM_TIMEOUT', { detail: 'no time left before the request' })

  return effect()
}

/** The place that is ours, with the record that we took over, where there was one. */
type Claim<T> = { readonly slot: Slot<EffectRecord<T>>; readonly former?: EffectRecord<T> | undefined }

async function claimEffect<T>(
  records: Records,
  started: EffectRecord<T>,
  options: EffectOptions<T>,
  clock: Clock,
  expiresAtMs: number | undefined,
): Promise<Claim<T> | { readonly answer: T }> {
  let slot = records.empty<EffectRecord<T>>('effect', options.id)
  let next = started
  for (;;) {
    const written = await records.write(slot, next, expiresAtMs)
    if (written && next === started) return { slot: written, former: slot.value }
    if (written) return tell(next.outcome)

    slot = await records.read<EffectRecord<T>>('effect', options.id)
    requireReadable(slot)
    const found = slot.value
    const outcome = found && (await findOutcome(found, started, options, clock.nowMs()))
    if (!outcome || mayTryAgain(found, outcome, options)) next = started
    else if (found.outcome?.kind === outcome.kind) return tell(outcome)
    else next = { ...found, outcome }
  }
}

/** Absent when the effect was never begun, and may begin now. */
async function findOutcome<T>(
  found: EffectRecord<T>,
  started: EffectRecord<T>,
  { reconcile }: EffectOptions<T>,
  nowMs: number,
): Promise<Outcome<T> | undefined> {
  const outcome = outcomeOf(found, started, nowMs)
  if (outcome.kind !== 'unknown') return outcome

  const reconciled = await reconcile?.()
  // Once it was told that nobody knows, it is not begun again.
  if (reconciled === 'neverBegun') return found.outcome
  return reconciled ? { kind: 'done', answer: reconciled.answer } : outcome
}

const mayTryAgain = <T>(
  found: EffectRecord<T>,
  { kind }: Outcome<T>,
  { mayBeRetried, requestId }: EffectOptions<T>,
): boolean => mayBeRetried && kind !== 'done' && found.requestId !== requestId

function outcomeOf<T>(record: EffectRecord<T>, started: EffectRecord<T>, nowMs: number): Outcome<T> {
  if (record.payloadHash !== started.payloadHash) throw new Problem('IDEMPOTENCY_MISMATCH')
  if (record.outcome) return record.outcome
  const remainingMs = record.leaseEndsAtMs - nowMs
  if (remainingMs > 0 && remainingMs <= MAX_LEASE_AHEAD_MS)
    throw new Problem('IN_PROGRESS', { retryAfterMs: Math.ceil(remainingMs) })

  return { kind: 'unknown' }
}

function tell<T>(outcome: Outcome<T> | undefined): { readonly answer: T } {
  if (outcome?.kind === 'done') return { answer: outcome.answer }
  if (outcome?.kind === 'refused') throw new Problem(outcome.code, outcome.options)
  throw new Problem('OUTCOME_UNKNOWN')
}

const isStorable = (answer: unknown): boolean => JSON.stringify(answer).length <= MAX_RECORD_LENGTH

/**
 * The end is known, and nothing that goes wrong with writing it down may turn it into another. The record
 * then still says "started", and a repeat learns that nobody knows the end, which is the truth of the record.
 */
async function settleEffect<T>(
  records: Records,
  slot: Slot<EffectRecord<T>>,
  record: EffectRecord<T>,
  expiresAtMs: number | undefined,
): Promise<void> {
  await records.write(slot, record, expiresAtMs).catch(() => undefined)
}

/** Nothing came of the claim. What is known of an earlier request stays known. */
async function releaseClaim<T>(
  records: Records,
  { slot, former }: Claim<T>,
  expiresAtMs: number | undefined,
): Promise<void> {
  const released = former ? records.write(slot, former, expiresAtMs) : records.remove(slot)
  await released.catch(() => undefined)
}
