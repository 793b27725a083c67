import { isTokenErrcode } from '../../shared/core/tokenErrcodes.ts'
import type { TokenRecord } from '../../shared/wechat/tokenRecord.ts'
import type { Effect } from './effect.ts'
import type { CallEntry, FaultEntry, RequestEntry } from './history.ts'
import type { Instance } from './instance.ts'
import { TOKEN_PATHS } from './modelWechat.ts'
import { openRecord } from './openRecord.ts'
import type { World } from './world.ts'

/** One answer of WeChat's to a request for a token, and the token's end as WeChat then told it. */
export type Fetch = RequestEntry & { readonly value: string; readonly lifeMs: number }

/** One change of the shared record, as its sealed text says. */
export type RecordChange = {
  readonly instance: Instance
  readonly atMs: number
  readonly before: TokenRecord | undefined
  readonly after: TokenRecord
}

/** A run as the token's invariants see it. */
export type TokenHistory = {
  readonly world: World
  /** All requests for a token that reached WeChat. */
  readonly asked: readonly RequestEntry[]
  /** Those of them that WeChat answered with a token. */
  readonly fetches: readonly Fetch[]
  readonly changes: readonly RecordChange[]
  /** The faults that hit a refresh: WeChat's token endpoints, or the shared record. */
  readonly faults: readonly FaultEntry[]
}

export function readTokenHistory(world: World): TokenHistory {
  const { requests, faults } = world.history
  const asked = requests.filter(({ path, answer }) => TOKEN_PATHS.has(path) && answer !== undefined)
  return {
    world,
    asked,
    fetches: asked.flatMap(toFetch),
    changes: readChanges(world),
    faults: faults.filter(isAboutToken),
  }
}

const isAboutToken = ({ operation, key }: Effect): boolean =>
  TOKEN_PATHS.has(operation) || key.includes(':accessToken:')

function toFetch(request: RequestEntry): readonly Fetch[] {
  const { access_token, expires_in } = request.answer ?? {}
  if (typeof access_token !== 'string') return []
  return [{ ...request, value: access_token, lifeMs: Number(expires_in) * 1000 }]
}

function readChanges({ history }: World): readonly RecordChange[] {
  let before: TokenRecord | undefined
  return history.writes
    .filter(({ key }) => key.includes(':accessToken:'))
    .map(({ instance, atMs, key, body }) => {
      const after = openRecord<TokenRecord>({ key, body })
      const change = { instance, atMs, before, after }
      before = after
      return change
    })
}

/** Whether the sender heard that its token was refused. */
export const isRefused = ({ answer, fault, isHeard }: RequestEntry): boolean =>
  isHeard && fault !== 'html' && isTokenErrcode(answer?.errcode as number | undefined)

/** The text by which a call's requests are known. */
export const subjectOf = ({ id }: Pick<CallEntry, 'id'>): string => `call ${id}`
