/**
 * What WeChat or the front end tells about a user's grants, one template at a time. Times are WeChat's, in whole
 * seconds, or our own where the front end tells it.
 */
export type GrantNews =
  /** The user answered the subscribe popup; only an accepted one grants a message. */
  | {
      readonly kind: 'tap'
      readonly templateId: string
      readonly isAccepted: boolean
      readonly atMs: number
    }
  /** The user switched the template off in the settings. */
  | { readonly kind: 'withdrawal'; readonly templateId: string; readonly atMs: number }
  /** What became of a message that WeChat had taken. */
  | {
      readonly kind: 'delivery'
      readonly templateId: string
      readonly msgid: string
      readonly isDelivered: boolean
      readonly atMs: number
    }
