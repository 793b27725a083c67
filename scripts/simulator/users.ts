import { createHash, randomBytes } from 'node:crypto'
import type { SoterDevice } from './soterDevice.ts'

const ACTIVE_MS = 2 * 3600_000

/** What WeChat knows of one person in this mini program. */
export type User = {
  readonly name: string
  readonly openid: string
  readonly unionid: string
  readonly phoneNumber: string
  readonly devices: SoterDevice[]
  /** Base64 of 16 bytes; absent until a login code was exchanged. */
  sessionKey?: string
  lastActiveAtMs: number
}

export type Users = ReturnType<typeof createUsers>

/** The users of one mini program. Who somebody is follows from name and app id alone, so it outlives a restart. */
export function createUsers(appId: string) {
  const byName = new Map<string, User>()
  const byOpenid = new Map<string, User>()

  function create(name: string): User {
    const user: User = {
      name,
      openid: deriveId(`openid ${appId} ${name}`),
      unionid: deriveId(`unionid ${name}`),
      phoneNumber: derivePhoneNumber(name),
      devices: [],
      lastActiveAtMs: Number.NEGATIVE_INFINITY,
    }
    byName.set(name, user)
    byOpenid.set(user.openid, user)
    return user
  }

  return {
    named: (name: string): User => byName.get(name) ?? create(name),
    withOpenid: (openid: string): User | undefined => byOpenid.get(openid),
  }
}

/** Gives a user a fresh session key; the former one is dead from now on. */
export function rotateSessionKey(user: User): string {
  user.sessionKey = randomBytes(16).toString('base64')
  return user.sessionKey
}

/** Whether the user opened the mini program within the last two hours. */
export const isActive = (user: User, nowMs: number) => nowMs - user.lastActiveAtMs <= ACTIVE_MS

/** The user opens the mini program, or does something in it. */
export const markActive = (user: User, nowMs: number): void => {
  user.lastActiveAtMs = nowMs
}

const deriveId = (seed: string) => `o${createHash('sha256').update(seed).digest('base64url').slice(0, 27)}`

function derivePhoneNumber(name: string): string {
  const digits = createHash('sha256').update(`phone ${name}`).digest().readUInt32BE() % 100_000_000
  return `138${String(digits).padStart(8, '0')}`
}
