import { sha256Base64Url } from '../core/digest.ts'
import { Problem } from '../core/problem.ts'
import type { Verdict } from '../core/verdict.ts'
import { withinDeadline } from '../core/withinDeadline.ts'
import type { Clock } from '../ports/clock.ts'
import { isStoreAbsent, type Records } from './records.ts'

/** What a verdict holds for. */
export type JudgedContent = {
  readonly type: 'image' | 'audio'
  readonly scene: number
  /** SHA-256 of the very bytes. */
  readonly contentHash: string
  /**
   * Whose it is, where WeChat fetched the bytes itself. It may have been served others than we were, so that
   * verdict holds for nobody but the user who brought the URL.
   */
  readonly openid?: string
}

type State = { readonly records: Records; readonly clock: Clock }

const KEEP_MS = 86_400_000
/** A store that takes longer saves no time. */
const PATIENCE_MS = 500

const idOf = ({ type, scene, contentHash, openid = '' }: JudgedContent): string =>
  sha256Base64Url(JSON.stringify([type, scene, contentHash, openid]))

/** WeChat's verdict of the last 24 hours on the same bytes. Without a store there is none. */
export const findVerdict = (state: State, content: JudgedContent): Promise<Verdict | undefined> =>
  unlessAbsent(state, async (records) => (await records.read<Verdict>('contentVerdict', idOf(content))).value)

/** Keeps a verdict for `findVerdict`, unless it is one that WeChat may yet think better of. */
export async function keepVerdict(
  state: State,
  content: JudgedContent,
  verdict: Verdict,
  judgedAtMs = state.clock.nowMs(),
): Promise<void> {
  const expiresAtMs = judgedAtMs + KEEP_MS
  const isFinal = verdict.suggest === 'pass' || verdict.suggest === 'risky'
  if (!isFinal || expiresAtMs <= state.clock.nowMs()) return

  await unlessAbsent(state, (records) => {
    const slot = records.empty<Verdict>('contentVerdict', idOf(content))
    return records.write(slot, verdict, expiresAtMs)
  })
}

async function unlessAbsent<T>(
  { records, clock }: State,
  use: (records: Records) => Promise<T>,
): Promise<T | undefined> {
  const late = () => new Problem('STATE_UNAVAILABLE', { detail: 'the store is too slow for a cache' })
  try {
    return await withinDeadline(use(records), clock, clock.nowMs() + PATIENCE_MS, late)
  } catch (thrown) {
    if (!isStoreAbsent(thrown)) throw thrown
    return undefined
  }
}
