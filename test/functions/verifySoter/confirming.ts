import { expect } from 'vitest'
import createSoterChallenge from '../../../functions/createSoterChallenge/index.ts'
import verifySoter from '../../../functions/verifySoter/index.ts'
import { dataOf, type World } from '../../support/world.ts'

export const PATH = '/cgi-bin/soter/verify_signature'

/** All that anybody is told of a confirmation that is not accepted. */
export const FAILED = {
  ok: false,
  error: {
    code: 'BIOMETRIC_FAILED',
    message: 'The biometric result is not accepted. Start over with a new challenge.',
    retryable: false,
    requestId: expect.any(String),
  },
}

/** A challenge for a purpose that every test here has. */
export async function challengeFor(world: World, name: string, more: object = {}): Promise<string> {
  const reply = await world.call(createSoterChallenge, { purpose: 'pay', ...more }, world.wechatUser(name))
  return dataOf(reply).challenge
}

/** Alice's finger on her phone, for a challenge of hers. */
export async function confirm(world: World, more: object = {}) {
  const challenge = await challengeFor(world, 'alice', more)
  return { ...world.simulator.phone('alice').soter({ challenge }), purpose: 'pay' }
}

export const verify = (world: World, input: object, name = 'alice') =>
  world.call(verifySoter, input, world.wechatUser(name))

/** The shape of a signature, and nothing more. */
export const SIGNATURE = Buffer.alloc(256, 1).toString('base64')

/** A result that nobody signed. What becomes of it is up to what WeChat is made to answer. */
export async function unsigned(world: World, fields: object = {}) {
  const raw = await challengeFor(world, 'alice')
  const resultJSON = JSON.stringify({ raw, counter: 7, cpu_id: 'cpu', uid: '1', ...fields })
  return { resultJSON, resultJSONSignature: SIGNATURE, purpose: 'pay' }
}

/** Makes WeChat say yes to whatever it is asked. */
export const believe = ({ simulator }: World, times = 1) =>
  simulator.faults.add({ path: PATH, body: '{"errcode":0,"errmsg":"ok","is_ok":true}', times })
