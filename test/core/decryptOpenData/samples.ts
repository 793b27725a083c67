import { encryptOpenData } from '../../../scripts/simulator/sessionCrypto.ts'
import {
  decryptOpenData,
  type ExpectedOwner,
  type ReadOpenData,
} from '../../../shared/core/decryptOpenData.ts'

export const APP_ID = 'wx0123456789abcdef'
export const OPENID = 'oGZUI0egBJY1zhBYw2KhdUfwVJJE'
export const SESSION_KEY = 'tiihtNczf5v6AKRyjwEUhQ=='
export const IV = Buffer.from('r7BXXKkLb8qrSNn05n0qiA==', 'base64')
export const TIMESTAMP = 1_477_314_187

export const OWNER: ExpectedOwner = { appId: APP_ID, openid: OPENID }
export const WATERMARK = { timestamp: TIMESTAMP, appid: APP_ID }

/** The plaintext that WeChat makes of open data. */
export const stamped = (openData: object, watermark: unknown = WATERMARK): string =>
  JSON.stringify({ ...openData, watermark })

/** Encrypts as WeChat does. */
export const encrypt = (plaintext: string): Buffer =>
  Buffer.from(encryptOpenData(plaintext, SESSION_KEY, IV.toString('base64')).encryptedData, 'base64')

/** What is read of a plaintext after WeChat encrypted it and its owner sent it in. */
export const readEncrypted = (plaintext: string, expected: Partial<ExpectedOwner> = {}): ReadOpenData =>
  decryptOpenData(encrypt(plaintext), IV, SESSION_KEY, { ...OWNER, ...expected })

/** An iv under which the same ciphertext begins with other text. Only who knows the plaintext can make it. */
export function ivThatBegins(plaintext: string, firstBlock: string): Buffer {
  const [known, wanted] = [Buffer.from(plaintext), Buffer.from(firstBlock)]
  if (wanted.length !== 16) throw new Error(`${firstBlock} is no block of 16 bytes`)
  return Buffer.from(IV.map((byte, at) => byte ^ (known[at] ?? 0) ^ (wanted[at] ?? 0)))
}

/** All that anybody is told of data that is not what it should be. */
export const DECRYPT_FAILED = { code: 'DECRYPT_FAILED' }
