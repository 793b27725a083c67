import { sha256Hex } from '../core/digest.ts'
import { Problem, type ProblemCode } from '../core/problem.ts'
import { isTokenErrcode } from '../core/tokenErrcodes.ts'
import type { Clock } from '../ports/clock.ts'
import { type Records, requireReadable, type Slot } from './records.ts'

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

type EffectOptions = {
  /** What makes two requests the same one. */
  readonly id: string
  /** A repeat must carry the same payload. */
  readonly payload: unknown
  readonly requestId: string
  readonly deadlineAtMs: number
  /** How long a repeat gets the first answer; for good when it does not say. */
  readonly keepMs?: number
  /** Whether a request with another request id may try again what was refused, or what nobody knows the end of. */
  readonly mayBeRetried: boolean
}

type State = { readonly records: Records; readonly clock: Clock }

/** Beyond the deadline, for the answer to be written down. */
const LEASE_MARGIN_MS = 1000
/** What a store takes in one record, with room for sealing. */
const MAX_ANSWER_LENGTH = 250_000

/**
 * Does something at most once.
 *
 * That it has begun is written down before anything goes out; how it ended, after. So a repeat finds the
 * same answer or the same refusal, and where nobody can know (no answer came, or the process died in
 * between) it is told so instead of being sent again.
 *
 * @throws Problem `IDEMPOTENCY_MISMATCH`, `IN_PROGRESS`, `OUTCOME_UNKNOWN`, `STATE_UNAVAILABLE` before
 * anything went out, and what `effect` throws
 */
export async function runOnce<T>(
  { records, clock }: State,
  options: EffectOptions,
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

  const settle = (outcome: Outcome<T>) =>
    settleEffect(records, claim.slot, { ...started, outcome }, expiresAtMs)
  const answer = await effect().catch(async (thrown: unknown) => {
    if (!(thrown instanceof Problem)) throw thrown

    if (thrown.code === 'OUTCOME_UNKNOWN') await settle({ kind: 'unknown' })
    else if (isDefinite(thrown)) await settle({ kind: 'refused', code: thrown.code, options: thrown.options })
    else await forget(records, claim.slot)
    throw thrown
  })
  await settle(isStorable(answer) ? { kind: 'done', answer } : { kind: 'unknown' })
  return { answer, repeated: false }
}

type Claim<T> = { readonly slot: Slot<EffectRecord<T>> } | { readonly answer: T }

async function claimEffect<T>(
  records: Records,
  started: EffectRecord<T>,
  options: EffectOptions,
  clock: Clock,
  expiresAtMs: number | undefined,
): Promise<Claim<T>> {
  let slot = records.empty<EffectRecord<T>>('effect', options.id)
  for (;;) {
    const written = await records.write(slot, started, expiresAtMs)
    if (written) return { slot: written }

    slot = await records.read<EffectRecord<T>>('effect', options.id)
    requireReadable(slot)
    if (slot.value) {
      const outcome = outcomeOf(slot.value, started, clock.nowMs())
      if (outcome.kind === 'done') return { answer: outcome.answer }
      const isRetry = options.mayBeRetried && slot.value.requestId !== options.requestId
      if (!isRetry) throw toProblem(outcome)
    }
  }
}

function outcomeOf<T>(record: EffectRecord<T>, started: EffectRecord<T>, nowMs: number): Outcome<T> {
  if (record.payloadHash !== started.payloadHash) throw new Problem('IDEMPOTENCY_MISMATCH')
  if (record.outcome) return record.outcome
  if (nowMs < record.leaseEndsAtMs)
    throw new Problem('IN_PROGRESS', { retryAfterMs: record.leaseEndsAtMs - nowMs })

  return { kind: 'unknown' }
}

const toProblem = (outcome: Exclude<Outcome<unknown>, { kind: 'done' }>): Problem =>
  outcome.kind === 'refused' ? new Problem(outcome.code, outcome.options) : new Problem('OUTCOME_UNKNOWN')

/**
 * WeChat has said no, and would say it again. What may pass (a refused token among it), or what the operator
 * can mend, is not remembered.
 */
const isDefinite = ({ retryable, code, options }: Problem): boolean =>
  !retryable && code !== 'CONFIG_ERROR' && !isTokenErrcode(options.upstream?.errcode)

const isStorable = (answer: unknown): boolean => JSON.stringify(answer).length <= MAX_ANSWER_LENGTH

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

const forget = (records: Records, slot: Slot<unknown>): Promise<unknown> =>
  records.remove(slot).catch(() => undefined)
