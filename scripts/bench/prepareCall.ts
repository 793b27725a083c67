import type { AnyFunction } from '../../shared/function/define.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { Phone } from '../simulator/phone.ts'
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

/** A call that was made once already. */
export const repeated =
  (prepare: Prepare): Prepare =>
  async (deployment) => {
    const makeCall = await prepare(deployment)
    await makeCall()
    return makeCall
  }
