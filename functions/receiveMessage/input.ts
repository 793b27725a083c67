import * as z from 'zod/mini'

/** What `wechatPush` makes of a request or an event: one of the two. */
export const input = z.strictObject({
  /** Asked for when the URL is entered in WeChat's console. */
  echostr: z.optional(z.string()),
  /** Proven to be WeChat's, and not read yet: it may be anything. */
  message: z.optional(z.strictObject({ format: z.enum(['json', 'xml']), text: z.string() })),
})

export type Input = z.output<typeof input>

export type ReceiveMessageInput = z.input<typeof input>
