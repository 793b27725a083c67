import { Readable } from 'node:stream'
import login from '../../functions/login/index.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { AnyFunction } from '../../shared/function/define.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { createRuntime } from '../../shared/platform/createRuntime.ts'
import { createHttpTransport } from '../../shared/platform/httpTransport.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemClock } from '../../shared/platform/systemClock.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { MediaSource } from '../../shared/ports/mediaSource.ts'
import type { Phone } from '../simulator/phone.ts'
import { type Simulator, startSimulator } from '../simulator/simulator.ts'
import { countStore, type StoreCounts } from './countedStore.ts'
import { APP, createEnvironment } from './deployment.ts'

/** All functions in one instance, one user, and the count of what the store is asked. */
export type CountedDeployment = {
  readonly storeCounts: Readonly<StoreCounts>
  /** Of a user who has just been active. */
  readonly phone: Phone
  readonly nobody: Origin
  /** The user through `wx.cloud.callFunction`. */
  readonly attested: Origin
  readonly server: Origin
  readonly timer: Origin
  /** WeChat, when it pushes something. */
  readonly push: Origin
  readonly simulator: Simulator
  call(fn: AnyFunction, input: unknown, origin: Origin): Promise<Reply>
  /** The user over HTTP. */
  logIn(): Promise<Origin>
  /** Fetches the access token, so that the instance has one. */
  warmUp(): Promise<void>
  /** A new instance in the place of the old one. */
  restart(): void
  killAccessTokens(): void
  /** Lets time pass that nobody waits for. */
  advance(durationMs: number): void
  close(): Promise<void>
}

const TOKEN_TIMEOUT_MS = 5000

/** Every host has the same file. */
const mediaSource: MediaSource = {
  addressesOf: async () => ['93.184.216.34'],
  fetch: (_, read) => read({ status: 200, headers: {}, body: Readable.from([Buffer.from('the media')]) }),
}

/** @param more variables beside those that every deployment needs */
export async function startCountedDeployment(more: Environment = {}): Promise<CountedDeployment> {
  let aheadMs = 0
  const clock: Clock = { nowMs: () => systemClock.nowMs() + aheadMs, sleep: systemClock.sleep }
  const simulator = await startSimulator({ ...APP, nowMs: clock.nowMs })
  const phone = simulator.phone('bench')
  phone.login()
  const { store, counts } = countStore(createMemoryStore(clock))
  const transport = createHttpTransport({ clock })
  const environment = { ...createEnvironment(simulator.url), LOG_LEVEL: 'silent', ...more }
  const log = { write: () => undefined }
  const boot = () =>
    createRuntime({
      environment,
      clock,
      random: systemRandom,
      transport,
      log,
      memoryStore: store,
      mediaSource,
    })
  let runtime = boot()
  let calls = 0

  const call: CountedDeployment['call'] = (fn, value, origin) => {
    calls++
    return invoke(fn, { origin, input: { value }, requestId: `r${calls}` }, runtime)
  }

  return {
    storeCounts: counts,
    phone,
    nobody: { kind: 'nobody' },
    attested: { kind: 'wechatUser', openid: phone.openid, vouchedFields: new Set() },
    server: { kind: 'server' },
    timer: { kind: 'timer' },
    push: { kind: 'push' },
    simulator,
    call,
    async logIn() {
      const reply = await call(login, phone.login(), { kind: 'nobody' })
      if (!reply.ok) throw new Error(`the login failed: ${reply.error.code}`)
      return { kind: 'bearer', token: (reply.data as { token: string }).token }
    },
    async warmUp() {
      await runtime.accessTokens().current(clock.nowMs() + TOKEN_TIMEOUT_MS)
    },
    restart() {
      runtime = boot()
    },
    killAccessTokens: simulator.killAccessTokens,
    advance(durationMs) {
      aheadMs += durationMs
      phone.login()
    },
    async close() {
      transport.close()
      await simulator.close()
    },
  }
}
