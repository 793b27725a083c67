import refreshAccessToken from '../../functions/refreshAccessToken/index.ts'
import { CODE_STORE_CASES } from './codeStoreCases.ts'
import { CONTENT_STORE_CASES } from './contentStoreCases.ts'
import { MESSAGE_STORE_CASES } from './messageStoreCases.ts'
import { AUTHENTICATED, type StoreCase } from './storeCase.ts'
import { USER_STORE_CASES } from './userStoreCases.ts'

const NEAR_TOKEN_END_MS = 7_000_000

/** Callers over HTTP have a token of ours, those on CloudBase are vouched for by it. */
export const STORE_CASES = {
  ...USER_STORE_CASES,
  ...MESSAGE_STORE_CASES,
  ...CODE_STORE_CASES,
  ...CONTENT_STORE_CASES,
  'refreshAccessToken: not due': {
    aims: AUTHENTICATED,
    prepare:
      ({ call, timer }) =>
      () =>
        call(refreshAccessToken, {}, timer),
  },
  'refreshAccessToken: due': {
    prepare: ({ call, timer, advance }) => {
      advance(NEAR_TOKEN_END_MS)
      return () => call(refreshAccessToken, {}, timer)
    },
  },
} satisfies Record<string, StoreCase>

export type StoreCaseName = keyof typeof STORE_CASES
