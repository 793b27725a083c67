import type { Chance } from './chance.ts'
import { DANGERS } from './dangers.ts'

/** What may go wrong with tokens: those that live are refused, and the secret is wrong for a while. */
const TOKEN_DANGERS = [...DANGERS, 'refusals', 'secret'] as const
export type TokenDanger = (typeof TOKEN_DANGERS)[number]

/** What a run is like as a whole. */
export type TokenSetting = {
  readonly mode: 'stable' | 'classic'
  readonly dangers: ReadonlySet<TokenDanger>
  readonly maxSkewMs: number
  readonly instances: number
}

/** How long a token of WeChat's lives, and how long before its end it is renewed at the earliest. */
export const LIFE_MS = 7_200_000
export const RENEWED_BEFORE_END_MS = 300_000

export function drawTokenSetting(chance: Chance): TokenSetting {
  const isCalm = chance.happens(0.2)
  const share = chance.pick([0.15, 0.35, 0.6])
  return {
    mode: chance.pick<TokenSetting['mode']>(['stable', 'classic']),
    dangers: new Set(isCalm ? [] : TOKEN_DANGERS.filter(() => chance.happens(share))),
    maxSkewMs: chance.pick([0, 0, 0, 120_000, 600_000]),
    instances: chance.integer(1, 4),
  }
}
