import type { Config } from '../core/config.ts'
import type { Json } from '../core/json.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'

/** A request with which WeChat tells something, or finds out whether anybody listens. */
export type PushRequest = {
  readonly method: string
  /** Names and values as they stand in the URL, decoded: a name may stand there twice. */
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** What WeChat hears in return: a text as it is, or a reply to the user whose message it was. */
export type PushAnswer = { readonly text: string } | { readonly reply: Json }

/** A request that turned out to be WeChat's. */
export type OpenedRequest = {
  readonly input: object
  respond(answer: PushAnswer): { readonly contentType: string; readonly body: string }
}

type Tools = { readonly config: Config; readonly clock: Clock; readonly random: Random }

/** How a function hears of what WeChat pushes. It is the function's own, so that no other carries it along. */
export type PushProtocol = {
  /**
   * Proves that an HTTP request is a push and reads it.
   *
   * @throws Problem `UNAUTHENTICATED`, `METHOD_NOT_ALLOWED`, `PAYLOAD_TOO_LARGE`, `CONFIG_ERROR`
   */
  readRequest(request: PushRequest, tools: Tools): OpenedRequest
  /** The input that an event of CloudBase's stands for, which delivers a push as the bare message. */
  readEvent(event: unknown): object
  /** Whether an event has the shape of a message. It proves nothing about where it came from. */
  isMessage(event: unknown): boolean
}
