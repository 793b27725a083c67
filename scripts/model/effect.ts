import type { Instance } from './instance.ts'
import type { Scheduler } from './scheduler.ts'

/** Something that code asks of the world outside its process. */
export type Effect = {
  readonly instance: Instance
  /** What is asked: a store operation, or the path of a WeChat endpoint. */
  readonly operation: string
  /** The record it is about; empty for a request to WeChat. */
  readonly key: string
}

/** What can go wrong with any effect: at `lost` it was never done, at `answerLost` it was. */
type AnyFault = 'lost' | 'answerLost' | 'killedBefore' | 'killedAfter'

/** What else can go wrong with a request to WeChat. */
export type RequestFault =
  | 'refused'
  | 'reset'
  | 'truncated'
  | 'status503'
  | 'html'
  | 'busy'
  | 'invalidToken'
  | 'wrongSecret'

export type Fault = AnyFault | RequestFault

/** Decides what becomes of every effect. */
export type Fates = {
  /** How long it takes there and back, asked when it sets out. */
  travel(effect: Effect): { readonly outMs: number; readonly backMs: number }
  /** What goes wrong, asked when it arrives. */
  arrive(effect: Effect): Fault | undefined
}

/**
 * Takes an effect to the far side, where it is done whatever becomes of its sender meanwhile, and the
 * answer back to the sender, should that still be there.
 *
 * @param perform does it, in the way of the fault, and returns how the sender hears of it, if at all
 */
export function carry(
  effect: Effect,
  scheduler: Scheduler,
  fates: Fates,
  perform: (fault: Fault | undefined) => (() => void) | undefined,
): void {
  const { instance } = effect
  const { outMs, backMs } = fates.travel(effect)
  scheduler.after(outMs, () => {
    const fault = fates.arrive(effect)
    if (fault === 'killedBefore' || fault === 'killedAfter') instance.kill()

    const answer = perform(fault)
    if (!answer || instance.isDead) return
    if (backMs === 0) answer()
    else scheduler.after(backMs, answer, instance)
  })
}

/** Whether the far side never gets to see the effect. */
export const isUndone = (fault: Fault | undefined): boolean =>
  fault === 'lost' || fault === 'killedBefore' || fault === 'refused'
