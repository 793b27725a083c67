import refreshAccessToken from '../../../functions/refreshAccessToken/index.ts'
import type { Call } from '../../../shared/function/invoke.ts'
import type { Reply } from '../../../shared/function/reply.ts'
import { TIMER, type World } from '../../support/world.ts'
import { CODE_OPERATIONS } from './codeOperations.ts'
import { CONTENT_OPERATIONS } from './contentOperations.ts'
import { MESSAGE_OPERATIONS } from './messageOperations.ts'
import type { Operation } from './operation.ts'
import { USER_OPERATIONS } from './userOperations.ts'

/** Every function, in each of the ways in which it meets the world. */
export const OPERATIONS = {
  ...USER_OPERATIONS,
  ...MESSAGE_OPERATIONS,
  ...CODE_OPERATIONS,
  ...CONTENT_OPERATIONS,
  refreshAccessToken: { fn: refreshAccessToken, prepare: async () => ({ input: {}, origin: TIMER }) },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof OPERATIONS

export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[]

/** An operation, ready to be called once and again. */
export type Prepared = {
  call(more?: Partial<Call>): Promise<Reply>
  /** How often WeChat was asked for it since it was prepared. */
  asked(): number
  /** How many effects were taken since then: by WeChat, or in our own records where it takes none. */
  accepted(): Promise<number>
}

export async function prepare(world: World, name: OperationName): Promise<Prepared> {
  const { fn, path = 'none', prepare: prepareInput }: Operation = OPERATIONS[name]
  const { simulator } = world
  const { input, origin, countEffects = async () => simulator.accepted(path) } = await prepareInput(world)
  const [askedBefore, acceptedBefore] = [simulator.requests(path).length, await countEffects()]

  return {
    call: (more) => world.call(fn, input, origin, more),
    asked: () => simulator.requests(path).length - askedBefore,
    accepted: async () => (await countEffects()) - acceptedBefore,
  }
}
