import * as z from 'zod/mini'
import type { Access, Caller } from '../../shared/function/caller.ts'
import { type Context, defineFunction } from '../../shared/function/define.ts'

type Options<O extends object> = {
  readonly access?: readonly [Access, ...Access[]]
  readonly timeoutSeconds?: number
  readonly handle?: (context: Context) => Promise<O>
}

/** A function that is there to be called: it does what it is told to, and otherwise says who called. */
export const probe = <O extends object = { readonly caller: Caller }>({
  access = ['anonymous', 'user', 'server', 'timer'],
  timeoutSeconds = 10,
  handle = async ({ caller }) => ({ caller }) as unknown as O,
}: Options<O> = {}) =>
  defineFunction({
    name: 'probe',
    access,
    input: z.strictObject({ text: z.optional(z.string()) }),
    uses: {},
    timeoutSeconds,
    handle: (context: Context) => handle(context),
  })
