import type { Random } from '../ports/random.ts'

/** An id for a call that the platform has not named. */
export const createRequestId = (random: Random): string => Buffer.from(random.bytes(16)).toString('hex')
