import { createHash } from 'node:crypto'
import { type UrlVerification, verifyUrl } from './deliverOverHttp.ts'
import { deliverPush, type PushAttempt } from './deliverPush.ts'
import { type PushMessage, toSeconds } from './pushMessage.ts'
import type { PushReply } from './pushReply.ts'
import type { PushSender } from './pushRequest.ts'
import { isHttpTarget, type PushTarget } from './pushTarget.ts'
import { reasonOf } from './reasonOf.ts'
import { orderRelease, type ReleaseOptions } from './releaseOrder.ts'
import { createTimeLimits } from './timeLimits.ts'

const MAX_TRIES = 3

/** One delivery of a message with all its tries. A duplicate is a delivery of its own. */
export type PushRecord = {
  readonly message: PushMessage
  readonly attempts: readonly PushAttempt[]
  readonly outcome: 'pending' | 'acknowledged' | 'given up'
  /** What the target answered in place of `success`, decrypted. */
  readonly reply?: PushReply
}
type OpenRecord = {
  message: PushMessage
  attempts: PushAttempt[]
  outcome: PushRecord['outcome']
  reply?: PushReply
}

export type PushOptions = PushSender & {
  readonly target?: PushTarget | undefined
  readonly timeoutMs: number
}
export type Pushes = ReturnType<typeof createPushes>

/** The pushes of one mini program: delivered at once and up to three times, or held back until they are released. */
export function createPushes({ target: firstTarget, timeoutMs, ...sender }: PushOptions) {
  const originalId = deriveOriginalId(sender.appId)
  const limits = createTimeLimits(timeoutMs)
  const records: OpenRecord[] = []
  const underWay = new Set<Promise<void>>()
  let target = firstTarget
  let held: OpenRecord[] | undefined
  let isClosed = false

  function open(message: PushMessage): OpenRecord {
    const record: OpenRecord = { message, attempts: [], outcome: 'pending' }
    records.push(record)
    return record
  }

  function track(work: Promise<void>): Promise<void> {
    const tracked = work.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    return tracked
  }

  async function deliverWithRepeats(record: OpenRecord): Promise<void> {
    while (record.outcome === 'pending') {
      const { reply, ...attempt } = await tryOnce(record.message)
      record.attempts.push(attempt)
      if (reply) record.reply = reply
      if (attempt.failure === undefined) record.outcome = 'acknowledged'
      else if (record.attempts.length >= MAX_TRIES || isClosed) record.outcome = 'given up'
    }
  }

  async function tryOnce(message: PushMessage) {
    // WeChat pushes after what it tells of, never in the midst of it.
    await Promise.resolve()
    const current = target
    if (!current || isClosed) return { failure: 'nobody takes pushes any more' }
    try {
      return await limits.run((signal) => deliverPush(current, message, sender, signal))
    } catch (error) {
      return { failure: reasonOf(error) }
    }
  }

  /** A record for each delivery: whatever comes again is a new one of the same message. */
  function withDuplicates(ordered: readonly OpenRecord[]): readonly OpenRecord[] {
    const met = new Set<OpenRecord>()
    return ordered.map((record) => {
      if (met.has(record)) return open(record.message)
      met.add(record)
      return record
    })
  }

  /** So many at a time, each beginning when one before it has ended. */
  async function deliverInOrder(ordered: readonly OpenRecord[], inParallel: number): Promise<void> {
    const queue = ordered.values()
    const work = async () => {
      for (const record of queue) await deliverWithRepeats(record)
    }
    await Promise.all(Array.from({ length: inParallel }, work))
  }

  async function done(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay)
  }

  return {
    records: records as readonly PushRecord[],

    setTarget(next: PushTarget | undefined): void {
      target = next
    },

    /** Pushes a message; the recipient and the time are added where they are missing. Without a target, nothing. */
    push({ ToUserName = originalId, FromUserName, CreateTime, ...rest }: PushMessage): void {
      if (!target || isClosed) return
      const record = open({
        ToUserName,
        ...(FromUserName !== undefined && { FromUserName }),
        CreateTime: CreateTime ?? toSeconds(sender.nowMs()),
        ...rest,
      })
      if (held) held.push(record)
      else void track(deliverWithRepeats(record))
    },

    hold(): void {
      held ??= []
    },

    async release(options: ReleaseOptions = {}): Promise<void> {
      const { only, inParallel = 1 } = options
      const isFreed = ({ message }: OpenRecord) => !only || only(message)
      const ordered = orderRelease((held ?? []).filter(isFreed), options)
      held = only && held?.filter((record) => !isFreed(record))
      await track(deliverInOrder(withDuplicates(ordered), inParallel))
    },

    done,

    async verifyUrl(): Promise<UrlVerification> {
      const current = target
      if (!current || !isHttpTarget(current))
        throw new Error('only the URL of an HTTP target can be verified')
      return limits.run((signal) => verifyUrl(current, sender, signal))
    },

    async close(): Promise<void> {
      isClosed = true
      limits.end()
      await done()
    },
  }
}

/** The original id, to which pushes over HTTP are addressed. */
const deriveOriginalId = (appId: string) =>
  `gh_${createHash('sha256').update(`original id ${appId}`).digest('hex').slice(0, 12)}`
