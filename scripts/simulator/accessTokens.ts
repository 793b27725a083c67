import { randomBytes } from 'node:crypto'
import { ApiError } from './apiError.ts'
import { chinaDay } from './limits.ts'

const LIFE_MS = 7200_000
const OVERLAP_MS = 300_000
const FORCE_GAP_MS = 30_000
const FORCES_A_DAY = 20

type AccessToken = { readonly value: string; expiresAtMs: number; killed: boolean }
export type IssuedToken = {
  readonly value: string
  readonly expiresInSeconds: number
  readonly isNew: boolean
}
export type AccessTokens = ReturnType<typeof createAccessTokens>

/**
 * The access tokens of one account: the classic line (each call makes a new one) and the stable line (calls share
 * one), which never touch each other. The classic line is `/cgi-bin/token`, the stable one `/cgi-bin/stable_token`.
 */
export function createAccessTokens(nowMs: () => number) {
  const known = new Map<string, AccessToken>()
  let classic: AccessToken | undefined
  let stable: AccessToken | undefined
  let lastForcedAtMs = Number.NEGATIVE_INFINITY
  let forced = { day: '', times: 0 }

  function make(): AccessToken {
    const value = `${known.size + 70}_${randomBytes(102).toString('base64url')}`
    const token = { value, expiresAtMs: nowMs() + LIFE_MS, killed: false }
    known.set(value, token)
    return token
  }

  const lives = (token: AccessToken, aheadMs = 0) => !token.killed && token.expiresAtMs - nowMs() > aheadMs
  const issued = (token: AccessToken, isNew: boolean): IssuedToken => ({
    value: token.value,
    expiresInSeconds: Math.floor((token.expiresAtMs - nowMs()) / 1000),
    isNew,
  })

  function renewStable(): IssuedToken {
    stable = make()
    return issued(stable, true)
  }

  return {
    /** Makes a new token; the former one lives on for five minutes at most. */
    nextClassic(): IssuedToken {
      if (classic) classic.expiresAtMs = Math.min(classic.expiresAtMs, nowMs() + OVERLAP_MS)
      classic = make()
      return issued(classic, true)
    },

    /** The shared token; in its last five minutes a new one, while the old one lives out its time. */
    currentStable(): IssuedToken {
      return stable && lives(stable, OVERLAP_MS) ? issued(stable, false) : renewStable()
    },

    /** A new shared token, killing the old one at once; within 30 seconds of the last force nothing is renewed. */
    forceStable(): IssuedToken {
      const day = chinaDay(nowMs())
      if (forced.day !== day) forced = { day, times: 0 }
      if (stable && lives(stable) && nowMs() - lastForcedAtMs < FORCE_GAP_MS) return issued(stable, false)
      if (forced.times >= FORCES_A_DAY) throw new ApiError(45009, 'reach max api daily quota limit')

      forced.times += 1
      lastForcedAtMs = nowMs()
      if (stable) stable.killed = true
      return renewStable()
    },

    /** Refuses what is not a living token of this account. */
    check(value: string | undefined): void {
      if (!value) throw new ApiError(41001, 'access_token missing')
      const token = known.get(value)
      if (!token) throw new ApiError(40014, 'invalid access_token')
      if (token.killed) throw new ApiError(40001, 'invalid credential, access_token is invalid or not latest')
      if (!lives(token)) throw new ApiError(42001, 'access_token expired')
    },

    killAll(): void {
      for (const token of known.values()) token.killed = true
    },
  }
}
