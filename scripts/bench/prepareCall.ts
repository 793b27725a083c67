import type { AnyFunction } from '../../shared/function/define.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { pushedInput } from '../../test/support/pushedInput.ts'
import type { Phone } from '../simulator/phone.ts'
import type { Simulator } from '../simulator/simulator.ts'
import type { CountedDeployment } from './countedDeployment.ts'

/** Comes to the point at which a call is made, and hands it over. */
export type Prepare = (deployment: CountedDeployment) => MakeCall | Promise<MakeCall>
type MakeCall = () => Promise<Reply>

/** By a user who has just logged in, with our token. */
export const overHttp =
  (fn: AnyFunction, inputOf: (phone: Phone) => object = () => ({})): Prepare =>
  async ({ call, logIn, phone }) => {
    const user = await logIn()
    const input = inputOf(phone)
    return () => call(fn, input, user)
  }

/** By a user whom CloudBase vouches for, and who has logged in as well. */
export const onCloudBase =
  (fn: AnyFunction, inputOf: (phone: Phone) => object = () => ({})): Prepare =>
  async ({ call, logIn, phone, attested }) => {
    await logIn()
    const input = inputOf(phone)
    return () => call(fn, input, attested)
  }

export const byServer =
  (fn: AnyFunction, inputOf: (phone: Phone) => object): Prepare =>
  ({ call, server, phone }) => {
    const input = inputOf(phone)
    return () => call(fn, input, server)
  }

/** By WeChat, when this has happened. */
export const pushed =
  (fn: AnyFunction, happen: (simulator: Simulator, phone: Phone) => unknown): Prepare =>
  async ({ call, push, simulator, phone }) => {
    const input = await pushedInput(simulator, () => happen(simulator, phone))
    return () => call(fn, input, push)
  }

/** A call that comes when another is done. */
export const after =
  (first: Prepare, prepare: Prepare): Prepare =>
  async (deployment) => {
    const makeFirst = await first(deployment)
    await makeFirst()
    return prepare(deployment)
  }

/** A call that was made once already. */
export const repeated =
  (prepare: Prepare): Prepare =>
  async (deployment) => {
    const makeCall = await prepare(deployment)
    await makeCall()
    return makeCall
  }
