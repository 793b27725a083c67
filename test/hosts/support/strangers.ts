import { expect } from 'vitest'
import { discoverFunctions } from '../../../scripts/functions.ts'

const functions = await discoverFunctions()

export const NAMES = functions.map(({ name }) => name)

/** Every function that is called, and how it answers an empty call of somebody whom nobody vouches for. */
export const CALLED = functions
  .filter(({ push }) => !push)
  .map(({ name, access }) =>
    access.includes('anonymous')
      ? { name, status: expect.any(Number), reply: { ok: expect.any(Boolean) } }
      : { name, status: 401, reply: { ok: false, error: { code: 'UNAUTHENTICATED' } } },
  )

/** Those that WeChat pushes to. A stranger gets a status from them and nothing else. */
export const PUSHED = functions.filter(({ push }) => push).map(({ name }) => name)
