import { ExchangeFailure } from '../../wechat/channel.ts'

/**
 * Waits for the SDK no longer than a call may take: its own timeout is the same for all of them. What
 * outlives ours is lost, not undone.
 *
 * @throws ExchangeFailure `timeout`
 */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ExchangeFailure('timeout', true, 'CloudBase did not answer')),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([work, expiry])
  } finally {
    clearTimeout(timer)
  }
}
