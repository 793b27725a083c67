import type { Origin } from '../../../shared/function/caller.ts'
import type { AnyFunction } from '../../../shared/function/define.ts'
import type { World } from '../../support/world.ts'

/** What a function is called to do: one column of every table of faults. */
export type Operation = {
  readonly fn: AnyFunction
  /** Where it reaches WeChat, the access token aside; absent where it does not. */
  readonly path?: string
  /** Brings the world to where the call makes sense. */
  readonly prepare: (world: World) => Promise<Invocation>
}

export type Invocation = {
  readonly input: unknown
  readonly origin: Origin
  /** How many effects there are by now, where they are in our own records and WeChat takes none. */
  readonly countEffects?: () => Promise<number>
}
