import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { HttpTarget } from '../../../scripts/simulator/push/pushTarget.ts'
import { type Simulator, startSimulator } from '../../../scripts/simulator/simulator.ts'
import { pngOf } from '../../core/imageSamples.ts'
import { stateKeys } from '../../support/keyRing.ts'
import { PUSH_KEY, PUSH_TOKEN } from '../../support/pushWorld.ts'
import { APP_ID, APP_SECRET, SERVER_KEY } from '../../support/world.ts'
import type { Message } from './memoryPressureServer.ts'

const MEBIBYTE = 1024 * 1024
const AT_ONCE = 10
/** Encrypted, it comes close to the 64 KiB of a push. */
const LARGEST_TEXT = '茶'.repeat(16_000)
const LIMIT_BYTES = 128 * MEBIBYTE

/** As in an instance with little memory, which does not put off collecting what is no longer needed. */
const SMALL_HEAP = ['--max-old-space-size=64', '--max-semi-space-size=2']

/** Functions in a process of their own, so that what is measured is theirs. */
async function startFunctions(simulator: Simulator) {
  const child = fork(join(import.meta.dirname, 'memoryPressureServer.ts'), {
    execArgv: [...SMALL_HEAP, '--import', 'tsx'],
    env: {
      PATH: process.env.PATH,
      WECHAT_APP_ID: APP_ID,
      WECHAT_APP_SECRET: APP_SECRET,
      WECHAT_API_BASE_URL: simulator.url,
      STATE_STORE: 'memory',
      STATE_KEYS: stateKeys('k1'),
      WECHAT_PUSH_TOKEN: PUSH_TOKEN,
      WECHAT_PUSH_AES_KEY: PUSH_KEY,
      SERVER_KEY,
      LOG_LEVEL: 'silent',
    },
  })
  onTestFinished(async () => {
    const exited = once(child, 'exit')
    if (child.connected) child.disconnect()
    await exited
  })
  const hear = async (): Promise<Message> => (await once(child, 'message'))[0] as Message
  const listening = await hear()
  const url = 'port' in listening ? `http://127.0.0.1:${listening.port}` : ''

  return {
    url,
    async call(name: string, input: unknown, token = SERVER_KEY): Promise<string> {
      const response = await fetch(`${url}/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: typeof input === 'string' ? input : JSON.stringify(input),
      })
      const reply = (await response.json()) as {
        ok: boolean
        error?: { code: string }
        data?: { token?: string }
      }
      return reply.data?.token ?? reply.error?.code ?? 'OK'
    },
    async peakBytes(): Promise<number> {
      const heard = hear()
      child.send('peak')
      const message = await heard
      return 'peakBytes' in message ? message.peakBytes : 0
    },
  }
}

test(`${AT_ONCE} of the largest requests at once take less than 128 MB`, async () => {
  const simulator = await startSimulator({ appId: APP_ID, appSecret: APP_SECRET })
  onTestFinished(simulator.close)
  const functions = await startFunctions(simulator)
  const phone = simulator.phone('alice')
  const { openid } = phone
  const token = await functions.call('login', phone.login(), '')
  const image = (side: number) => ({
    type: 'image',
    scene: 1,
    openid,
    imageBase64: pngOf(side, side).toString('base64'),
  })
  const manyAnswers = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [String(at).padStart(128, 't'), 'accept']),
  )
  const largeImage = JSON.stringify(image(440))
  const largest: readonly [name: string, inputOf: (at: number) => unknown, code: string, token?: string][] = [
    // A body of just under 1 MiB.
    ['checkContent', () => largeImage, 'OK'],
    ['checkContent', () => ({ type: 'text', scene: 1, openid, content: '茶'.repeat(34_133) }), 'OK'],
    ['getQrCode', (at) => ({ scene: `table-${at}`, width: 1280 }), 'OK'],
    ['getQrCode', (at) => ({ params: { table: at, note: 'x'.repeat(4000) }, isHyaline: true }), 'OK'],
    ['recordSubscription', () => ({ results: manyAnswers }), 'OK', token],
    ['decryptOpenData', () => sealed(32 * 1024), 'DECRYPT_FAILED', token],
    // What is larger is not kept, and neither is what nests or lists too much.
    ['checkContent', () => ' '.repeat(16 * MEBIBYTE), 'PAYLOAD_TOO_LARGE'],
    ['checkContent', () => '['.repeat(MEBIBYTE), 'PAYLOAD_TOO_LARGE'],
    ['checkContent', () => `[${'{},'.repeat(MEBIBYTE / 3 - 2)}{}]`, 'PAYLOAD_TOO_LARGE'],
  ]
  const push = { url: `${functions.url}/receiveMessage`, token: PUSH_TOKEN, aesKey: PUSH_KEY }
  await functions.call('checkContent', image(8))
  const baselineBytes = await functions.peakBytes()

  for (const [name, inputOf, code, bearer] of largest) {
    const inputs = Array.from({ length: AT_ONCE }, (_, at) => inputOf(at))
    const codes = await Promise.all(inputs.map((input) => functions.call(name, input, bearer)))
    expect(codes).toEqual(inputs.map(() => code))
  }
  for (const format of ['json', 'xml'] as const) {
    const attempts = await pushLargest(simulator, { ...push, format })
    expect(attempts).toEqual(attempts.map(() => ({ status: 200, body: 'success' })))
  }
  const flood = { method: 'POST', body: ' '.repeat(16 * MEBIBYTE) }
  const refused = await Promise.all(Array.from({ length: AT_ONCE }, () => fetch(push.url, flood)))
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 413))
  // WeChat, or what stands in its place, says more than anybody listens to.
  const path = '/wxa/msg_sec_check'
  simulator.faults.add({ path, body: Buffer.alloc(16 * MEBIBYTE, ' '), times: AT_ONCE })
  const flooded = Array.from({ length: AT_ONCE }, () =>
    functions.call('checkContent', { type: 'text', scene: 1, openid, content: 'tea' }),
  )
  expect(await Promise.all(flooded)).toEqual(flooded.map(() => 'UPSTREAM_BAD_RESPONSE'))

  expect((await functions.peakBytes()) - baselineBytes).toBeLessThan(LIMIT_BYTES)
})

/** The largest messages that WeChat pushes, and how each of them was received. */
async function pushLargest(simulator: Simulator, target: HttpTarget) {
  const pushedBefore = simulator.pushes.length
  simulator.pushTo(target)
  simulator.holdPushes()
  for (let at = 0; at < AT_ONCE; at++) simulator.phone('alice').sendText(LARGEST_TEXT)
  await simulator.releasePushes({ inParallel: AT_ONCE })
  const pushes = simulator.pushes.slice(pushedBefore)
  expect(pushes).toHaveLength(AT_ONCE)
  return pushes.flatMap(({ attempts }) => attempts)
}

const sealed = (bytes: number) => ({
  encryptedData: randomBytes(bytes).toString('base64'),
  iv: randomBytes(16).toString('base64'),
})
