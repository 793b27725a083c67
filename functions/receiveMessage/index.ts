import { handlers, uses } from './handlers.ts'
import { receiveMessageWith } from './receive.ts'

export type { ReceiveMessageInput } from './input.ts'

/**
 * Hears what WeChat tells later: verdicts of media checks, grants that users gave or took back, what became of
 * messages, and what users write to customer service.
 *
 * It answers `success` once what it heard is written down, also to what it does not understand, which is kept
 * for a week. What WeChat repeats has no second effect. Your own reactions go into `handlers.ts`.
 *
 * Fails with `UNAUTHENTICATED` for what is not WeChat's, and with `STATE_UNAVAILABLE` or `IN_PROGRESS` when
 * WeChat is to repeat the message.
 */
export default receiveMessageWith(handlers, uses)
