import * as z from 'zod/mini'
import { Problem } from '../../shared/core/problem.ts'
import { withinDeadline } from '../../shared/core/withinDeadline.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'

const input = z.strictObject({})

export type RefreshAccessTokenInput = z.input<typeof input>

export type RefreshAccessTokenOutput = {
  /** Whether the shared token is another one now. Far from its end there is nothing to do. */
  readonly refreshed: boolean
  readonly expiresAtMs: number
}

const MAX_SWEEP_MS = 1000

/**
 * Renews the shared access token in its last five minutes, so that no user's call has to wait for it.
 *
 * The token itself never leaves. As this is what a timer calls every other minute, records that are over are
 * removed beside it where the store does not do that; neither of the two depends on the other.
 */
export default defineFunction({
  name: 'refreshAccessToken',
  access: ['timer', 'server'],
  input,
  uses: {},
  timeoutSeconds: 25,
  schedule: { everyMinutes: 2 },

  async handle(context): Promise<RefreshAccessTokenOutput> {
    const sweeping = sweep(context)
    try {
      return await context.refreshAccessToken()
    } finally {
      await sweeping
    }
  },
})

async function sweep({ records, clock, warn }: Context): Promise<void> {
  const late = () => new Problem('STATE_UNAVAILABLE', { detail: 'the sweep is not done yet' })
  try {
    await withinDeadline(records.sweep(), clock, clock.nowMs() + MAX_SWEEP_MS, late)
  } catch (thrown) {
    warn('records that are over were not removed', {
      reason: thrown instanceof Problem ? thrown.code : 'INTERNAL',
    })
  }
}
