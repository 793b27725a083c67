import * as z from 'zod/mini'
import { defineFunction } from '../../shared/function/define.ts'

const input = z.strictObject({})

export type RefreshAccessTokenInput = z.input<typeof input>

export type RefreshAccessTokenOutput = {
  /** Whether the shared token is another one now. Far from its end there is nothing to do. */
  readonly refreshed: boolean
  readonly expiresAtMs: number
}

/**
 * Renews the shared access token in its last five minutes, so that no user's call has to wait for it.
 *
 * The token itself never leaves.
 */
export default defineFunction({
  name: 'refreshAccessToken',
  access: ['timer', 'server'],
  input,
  uses: {},
  timeoutSeconds: 25,
  schedule: { everyMinutes: 2 },

  handle: ({ refreshAccessToken }): Promise<RefreshAccessTokenOutput> => refreshAccessToken(),
})
