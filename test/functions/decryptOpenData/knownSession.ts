import { encryptOpenData, signRawData } from '../../../scripts/simulator/sessionCrypto.ts'
import type { Origin } from '../../../shared/function/caller.ts'
import { NOW_MS } from '../../support/testClock.ts'
import { APP_ID, type World } from '../../support/world.ts'

/** The session key that Alice has once she logged in with it. */
export const SESSION_KEY = 'tiihtNczf5v6AKRyjwEUhQ=='

/** Alice, logged in with a session key that the test knows too. */
export async function logInKnowing(world: World, unionid?: string): Promise<Origin> {
  const { openid } = world.simulator.phone('alice')
  const session = { openid, session_key: SESSION_KEY, ...(unionid && { unionid }) }
  world.simulator.faults.add({ path: '/sns/jscode2session', body: JSON.stringify(session) })
  return world.logIn('alice')
}

export const watermarkAt = (atMs: number) => ({ appid: APP_ID, timestamp: Math.floor(atMs / 1000) })

/** Open data as WeChat encrypts it at a moment. */
export const seal = (openData: object, atMs = NOW_MS) =>
  encryptOpenData(JSON.stringify({ ...openData, watermark: watermarkAt(atMs) }), SESSION_KEY)

/** Raw data with WeChat's signature. */
export const sign = (rawData: string, sessionKey = SESSION_KEY) => ({
  rawData,
  signature: signRawData(rawData, sessionKey),
})

/** An input of the right shape that no key opens. */
export const WRONG = {
  encryptedData: Buffer.alloc(64, 7).toString('base64'),
  iv: Buffer.alloc(16).toString('base64'),
}
