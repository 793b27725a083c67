import { sha256Base64Url } from '../core/digest.ts'
import type { Random } from '../ports/random.ts'

const SHAPE = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/
const HANDLE_LENGTH = 22
const SECRET_BYTES = 32

/** An account's name in the store and in its tokens: tells nothing of the openid. */
export const handleOf = (openid: string): string => sha256Base64Url(openid).slice(0, HANDLE_LENGTH)

/** A new token: the account's handle, by which it is found with one read, and 256 random bits. */
export const createSessionToken = (openid: string, random: Random): string =>
  `${handleOf(openid)}.${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')}`

/** Whether a text could be a session token of ours at all. */
export const isSessionToken = (text: string): boolean => SHAPE.test(text)

/** The account that a token claims to belong to. */
export const claimedHandleOf = (token: string): string => token.slice(0, HANDLE_LENGTH)

/** What is kept of a token, and the id of the session that it stands for. */
export const sessionIdOf = (token: string): string => sha256Base64Url(token)
