import type { UrlVerification } from './deliverOverHttp.ts'
import type { Pushes, PushRecord } from './pushes.ts'
import type { PushMessage } from './pushMessage.ts'
import type { PushTarget } from './pushTarget.ts'
import type { ReleaseOptions } from './releaseOrder.ts'

/** What the owner of a simulator sees of its pushes, and how they are steered. */
export type PushControls = {
  /** From now on pushes go there, repeats and held ones too; without a target nothing is pushed. */
  pushTo(target: PushTarget | undefined): void
  /** Asks the target's URL for the `echostr`, as WeChat does when it is entered. Rejects when no answer comes. */
  verifyPushUrl(): Promise<UrlVerification>
  /** Pushes any message; `ToUserName` and `CreateTime` are added where they are missing. A `bigint` is a bare number. */
  push(message: PushMessage): void
  /** Every push so far, held ones included, in the order in which they came up. */
  readonly pushes: readonly PushRecord[]
  /** Resolves when no push is under way any more. Held ones are not waited for. */
  pushesDone(): Promise<void>
  /** From now on pushes wait to be released. */
  holdPushes(): void
  /** Delivers what was held, and with `only` goes on holding the rest. Resolves when all of it is delivered. */
  releasePushes(options?: ReleaseOptions): Promise<void>
}

export const createPushControls = (pushes: Pushes): PushControls => ({
  pushTo: pushes.setTarget,
  verifyPushUrl: pushes.verifyUrl,
  push: pushes.push,
  pushes: pushes.records,
  pushesDone: pushes.done,
  holdPushes: pushes.hold,
  releasePushes: pushes.release,
})
