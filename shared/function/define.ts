import type * as z from 'zod/mini'
import type { Config } from '../core/config.ts'
import type { Clock } from '../ports/clock.ts'
import type { CloudFiles } from '../ports/cloudFiles.ts'
import type { LogEntry } from '../ports/log.ts'
import type { MediaSource } from '../ports/mediaSource.ts'
import type { Random } from '../ports/random.ts'
import type { Records } from '../state/records.ts'
import type { AccessTokens } from '../wechat/accessToken.ts'
import type { WechatClient } from '../wechat/client.ts'
import type { Endpoints } from '../wechat/endpoint.ts'
import type { Access, Caller } from './caller.ts'
import type { PushProtocol } from './pushProtocol.ts'

export type { Endpoints }

/** What a handler may use. Effects come from here and from nowhere else. */
export type Context<A extends Access = Access, U extends Endpoints = Endpoints> = {
  readonly caller: Caller<A>
  readonly requestId: string
  /** When the reply must be on its way, in milliseconds since the epoch. */
  readonly deadlineAtMs: number
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  /** State that outlives the call. Its methods fail with `CONFIG_ERROR` when no store is configured. */
  readonly records: Records
  /** The endpoints that the function declared, and no others. */
  readonly wechat: WechatClient<U>
  /** Renews the shared access token when its end is near. Nobody else gets to see it. */
  readonly refreshAccessToken: () => ReturnType<AccessTokens['refresh']>
  readonly cloudFiles: CloudFiles
  readonly mediaSource: MediaSource
  /** The largest reply that the platform carries back to this caller, in bytes of JSON. */
  readonly maxReplyBytes: number
  /**
   * Adds what the operator should know to the call's line in the log, which becomes a warning. Like all of
   * the log it must hold no input, openid or key.
   */
  readonly warn: (message: string, fields?: LogEntry) => void
  /** Adds to the call's line in the log what it was about. The same rules hold. */
  readonly note: (fields: LogEntry) => void
}

/** When the platform calls a function by itself. Limited to what both CloudBase and EventBridge can say. */
export type Schedule = { readonly everyMinutes: 1 | 2 | 5 | 10 | 15 | 30 }

/** An image as a reply carries it: HTTP callers that ask for `image/*` get its bytes. */
export type Image = { readonly contentType: string; readonly imageBase64: string }

/** One capability. Everything that is deployed, routed, checked or typed about it follows from this value. */
export type Declaration<A extends Access, S extends z.ZodMiniType, O, U extends Endpoints> = {
  /** camelCase, verb first; the same as its folder and its name on every platform. */
  readonly name: string
  /** Who may call. There is no default. */
  readonly access: readonly [A, ...A[]]
  /** A strict schema: fields that it does not name are refused. */
  readonly input: S
  /** The WeChat endpoints that the handler may call. */
  readonly uses: U
  /** How long the platform lets a call run; the reply leaves half a second earlier. */
  readonly timeoutSeconds: number
  readonly schedule?: Schedule
  /** Set when WeChat's message push may call. The output is then a `PushAnswer`. */
  readonly push?: PushProtocol
  /** Set when the handler reads files of CloudBase's storage. */
  readonly readsCloudFiles?: true
  /** The image in the output, where there is one. */
  readonly image?: (output: O) => Image | undefined
  readonly handle: (context: Context<A, U>, input: z.output<S>) => Promise<O>
}

/** Declares a capability. The value is frozen, and its types are importable as types alone. */
export const defineFunction = <
  const A extends Access,
  S extends z.ZodMiniType,
  O extends object,
  U extends Endpoints,
>(
  declaration: Declaration<A, S, O, U>,
): Readonly<Declaration<A, S, O, U>> => Object.freeze(declaration)

/** A declared function whose own types do not matter, as adapters and scripts see it. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where the types of a declaration are erased.
export type AnyFunction = Declaration<any, any, any, any>

/** The input of a declared function, as its callers write it. */
export type InputOf<F extends AnyFunction> = z.input<F['input']>

/** The `data` of a declared function's reply. */
export type OutputOf<F extends AnyFunction> = Awaited<ReturnType<F['handle']>>
