import type { Config } from '../core/config.ts'
import { Problem } from '../core/problem.ts'

/** The decoded parameters of a push's URL, in their order. */
export type PushQuery = readonly (readonly [name: string, value: string])[]

/** What a push is judged by. The keys are read in encrypted mode alone. */
export type PushSettings = Pick<Config, 'appId' | 'pushToken' | 'pushKeys' | 'pushMode'>

const PARAMETERS = ['signature', 'timestamp', 'nonce', 'msg_signature', 'echostr', 'encrypt_type'] as const

type Parameter = (typeof PARAMETERS)[number]

/** WeChat's own parameters, each once, with those that every push has. */
export type PushParameters = Readonly<
  Partial<Record<Parameter, string>> & { timestamp: string; nonce: string }
>

const MAX_CLOCK_SKEW_MS = 300_000

/** A push that is not acceptable. The reason is for the log; it never holds what came, nor a secret. */
export const refusedPush = (reason: string): Problem => new Problem('UNAUTHENTICATED', { reason })

/**
 * Reads WeChat's parameters of a push, which may be five minutes old or ahead.
 *
 * @throws Problem `UNAUTHENTICATED` when one is repeated, or `timestamp` or `nonce` is not acceptable
 */
export function readPushQuery(query: PushQuery, nowMs: number): PushParameters {
  const parameters: Partial<Record<Parameter, string>> = {}
  for (const name of PARAMETERS) {
    const [first, ...repeats] = query.filter(([candidate]) => candidate === name)
    if (repeats.length > 0) throw refusedPush(`${name} is repeated`)
    if (first) parameters[name] = first[1]
  }

  const { timestamp = '', nonce = '' } = parameters
  const isTime = /^[1-9]\d{0,9}$/.test(timestamp)
  if (!isTime || Math.abs(nowMs - Number(timestamp) * 1000) > MAX_CLOCK_SKEW_MS)
    throw refusedPush('timestamp is not within 300 s')
  if (!/^[\x21-\x7e]{1,64}$/.test(nonce)) throw refusedPush('nonce is missing or malformed')

  return { ...parameters, timestamp, nonce }
}
