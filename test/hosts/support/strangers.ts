import { expect } from 'vitest'
import { discoverFunctions } from '../../../scripts/functions.ts'

/** Every function, and how it answers an empty call of somebody whom nobody vouches for. */
export const FUNCTIONS = (await discoverFunctions()).map(({ name, access }) =>
  access.includes('anonymous')
    ? { name, status: expect.any(Number), reply: { ok: expect.any(Boolean) } }
    : { name, status: 401, reply: { ok: false, error: { code: 'UNAUTHENTICATED' } } },
)
