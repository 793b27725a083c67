export type PushValue =
  | string
  | number
  | bigint
  | boolean
  | readonly PushValue[]
  | { readonly [name: string]: PushValue }

/**
 * A pushed message or event in the shape of its JSON form, from which XML and the event of a cloud function follow.
 * An id that no JavaScript number can hold is a `bigint`.
 */
export type PushMessage = { readonly [name: string]: PushValue }

/** A moment as `CreateTime` and the timestamps of signatures have it. */
export const toSeconds = (atMs: number): number => Math.floor(atMs / 1000)
