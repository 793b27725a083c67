import { createCipheriv, createHash } from 'node:crypto'
import { expect } from 'vitest'
import { Config } from '../../shared/core/config.ts'
import { Problem } from '../../shared/core/problem.ts'
import type { PushQuery } from '../../shared/push/pushQuery.ts'

export const APP_ID = 'wxba5fad812f8e6fb9'
export const TOKEN = 'push-token'
export const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
export const OTHER_KEY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg'
export const NOW_MS = 1_768_464_000_000
export const TIMESTAMP = String(NOW_MS / 1000)
export const NONCE = '415670741'

export const settingsOf = (variables: Readonly<Record<string, string | undefined>> = {}): Config =>
  new Config({
    WECHAT_APP_ID: APP_ID,
    WECHAT_PUSH_TOKEN: TOKEN,
    WECHAT_PUSH_AES_KEY: KEY,
    ...variables,
  })

export const PLAIN = { WECHAT_PUSH_MODE: 'plain', WECHAT_PUSH_AES_KEY: undefined }

export const sign = (...parts: string[]): string =>
  createHash('sha1').update(parts.sort().join('')).digest('hex')

/** What WeChat encrypts, made without the code under test, so that every part of it can be wrong. */
export const encrypt = (
  message: string | Uint8Array,
  options: FrameOptions & { key?: string } = {},
): string => encryptBlocks(pad(frame(message, options)), options.key)

type FrameOptions = { appId?: string; length?: number }

/** The message between 16 bytes, its length and the app id. */
export function frame(message: string | Uint8Array, { appId = APP_ID, length }: FrameOptions = {}): Buffer {
  const bytes = Buffer.from(message)
  const header = Buffer.alloc(20, 'r')
  header.writeUInt32BE(length ?? bytes.length, 16)
  return Buffer.concat([header, bytes, Buffer.from(appId)])
}

export function pad(plain: Uint8Array): Buffer {
  const rest = 32 - (plain.length % 32)
  return Buffer.concat([plain, Buffer.alloc(rest, rest)])
}

export function encryptBlocks(blocks: Uint8Array, key = KEY): string {
  const aesKey = Buffer.from(`${key}=`, 'base64')
  const cipher = createCipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(blocks), cipher.final()]).toString('base64')
}

export type Push = { query: PushQuery; body: Buffer }

export const toQuery = (parameters: Readonly<Record<string, string | undefined>>): PushQuery =>
  Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))

/** A push in encrypted mode, signed like WeChat's. */
export function encryptedPush(encrypted: string, options: PushOptions = {}): Push {
  const { token = TOKEN, timestamp = TIMESTAMP, nonce = NONCE, body, parameters } = options
  return {
    query: toQuery({
      signature: sign(token, timestamp, nonce),
      timestamp,
      nonce,
      openid: 'oAlice',
      encrypt_type: 'aes',
      msg_signature: sign(token, timestamp, nonce, encrypted),
      ...parameters,
    }),
    body: Buffer.from(body ?? JSON.stringify({ ToUserName: 'gh_1', Encrypt: encrypted })),
  }
}

/** A push in plain mode. */
export const plainPush = (body: string | Uint8Array, options: PushOptions = {}): Push => {
  const { token = TOKEN, timestamp = TIMESTAMP, nonce = NONCE, parameters } = options
  const signature = sign(token, timestamp, nonce)
  return { query: toQuery({ signature, timestamp, nonce, ...parameters }), body: Buffer.from(body) }
}

type PushOptions = {
  token?: string
  timestamp?: string
  nonce?: string
  body?: string
  parameters?: Readonly<Record<string, string | undefined>>
}

export const xmlOf = (encrypted: string): string =>
  `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`

/** The problem that the work throws, and nothing else. */
export function problemThrownBy(work: () => unknown): Problem {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown
    throw thrown
  }
  return expect.fail('nothing was thrown')
}

export const refusal = (reason: unknown = expect.any(String)): object =>
  expect.objectContaining({ code: 'UNAUTHENTICATED', options: expect.objectContaining({ reason }) })
