/** A server that takes pushes, as it is entered in WeChat's console. */
export type HttpTarget = {
  /** May carry a query of its own. */
  readonly url: string
  readonly token: string
  /** The EncodingAESKey: 43 characters. */
  readonly aesKey: string
  /** `encrypted` (the default), `plain`, or `compatible`: the plain fields with the encrypted message beside them. */
  readonly mode?: 'encrypted' | 'plain' | 'compatible'
  readonly format?: 'json' | 'xml'
}

/** A cloud function that takes pushes: its event is the message itself. */
export type FunctionTarget = {
  /** Runs the function; what it resolves with is the function's answer. */
  deliver(message: object): Promise<unknown>
}

/** Where WeChat pushes to. */
export type PushTarget = HttpTarget | FunctionTarget

export const isHttpTarget = (target: PushTarget): target is HttpTarget => 'url' in target
