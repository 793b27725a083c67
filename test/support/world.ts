import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import login from '../../functions/login/index.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../scripts/simulator/simulator.ts'
import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { AnyFunction, OutputOf } from '../../shared/function/define.ts'
import { type Call, invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import type { Runtime } from '../../shared/function/runtime.ts'
import { createRuntime, type Effects } from '../../shared/platform/createRuntime.ts'
import { createHttpTransport } from '../../shared/platform/httpTransport.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import { createTestClock, type TestClock } from './testClock.ts'
import { createTestStore, type TestStore } from './testStore.ts'

export const APP_ID = 'wx0123456789abcdef'
export const APP_SECRET = 'canary-app-secret-5f2b9c'
export const SERVER_KEY = 'canary-server-key-0123456789-0123456789'
export const TEMPLATE_ID = 'order-shipped_000000000000000000000000000AA'

/** A user's phone and their simulated WeChat, a clock that stands still, an empty store, and the real call path. */
export type World = {
  readonly simulator: Simulator
  readonly clock: TestClock
  readonly store: TestStore
  readonly runtime: Runtime
  /** Every log line so far, as it would be printed. */
  readonly logLines: readonly string[]
  /** Calls a function the way an adapter does. */
  call<F extends AnyFunction>(
    fn: F,
    input: unknown,
    origin?: Origin,
    more?: Partial<Call>,
  ): Promise<Reply<OutputOf<F>>>
  /** `wx.cloud.callFunction` by this user. */
  wechatUser(name: string, vouchedFields?: readonly string[]): Origin
  /** Logs in over HTTP and returns the token as its holder would send it. */
  logIn(name: string): Promise<Origin & { readonly kind: 'bearer' }>
  /** The same deployment as another process sees it: shared store, nothing in memory. */
  restart(environment?: Environment): void
  /** Another process of the same deployment, some of whose effects are its own. */
  boot(change: (effects: Effects) => Partial<Effects>): Runtime
}

export const NOBODY: Origin = { kind: 'nobody' }
export const SERVER: Origin = { kind: 'server' }
export const TIMER: Origin = { kind: 'timer' }
export const PUSH: Origin = { kind: 'push' }

type WorldOptions = {
  readonly environment?: Environment
  readonly effects?: Partial<Effects>
  readonly simulator?: Partial<SimulatorOptions>
}

export async function createWorld({
  environment = {},
  effects = {},
  simulator: simulated = {},
}: WorldOptions = {}): Promise<World> {
  const clock = createTestClock()
  const simulator = await startSimulator({
    appId: APP_ID,
    appSecret: APP_SECRET,
    nowMs: clock.nowMs,
    templates: [{ id: TEMPLATE_ID, title: 'Order shipped', keywords: ['thing1', 'date2', 'amount3'] }],
    ...simulated,
  })
  const transport = createHttpTransport({ clock })
  onTestFinished(async () => {
    transport.close()
    await simulator.close()
  })
  const store = createTestStore(createMemoryStore(clock))
  const logLines: string[] = []
  const defaults: Environment = {
    WECHAT_APP_ID: APP_ID,
    WECHAT_APP_SECRET: APP_SECRET,
    WECHAT_API_BASE_URL: simulator.url,
    WECHAT_SUBSCRIBE_TEMPLATES: TEMPLATE_ID,
    STATE_STORE: 'memory',
    STATE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SERVER_KEY,
    ...environment,
  }
  const effectsOf = (changed: Environment = {}): Effects => ({
    environment: { ...defaults, ...changed },
    clock,
    random: systemRandom,
    transport,
    log: { write: (level, entry) => logLines.push(JSON.stringify({ level, ...entry })) },
    memoryStore: store,
    ...effects,
  })

  let runtime = createRuntime(effectsOf())
  let calls = 0
  const world: World = {
    simulator,
    clock,
    store,
    logLines,
    get runtime() {
      return runtime
    },
    async call(fn, input, origin = NOBODY, more = {}) {
      calls++
      const call: Call = { origin, input: { value: input }, requestId: `request-${calls}`, ...more }
      return (await invoke(fn, call, runtime)) as Reply<OutputOf<typeof fn>>
    },
    wechatUser: (name, vouchedFields = []) => ({
      kind: 'wechatUser',
      openid: simulator.phone(name).openid,
      appId: APP_ID,
      vouchedFields: new Set(vouchedFields),
    }),
    async logIn(name) {
      const reply = await world.call(login, simulator.phone(name).login())
      if (!reply.ok || !reply.data.token) throw new Error(`the login failed: ${JSON.stringify(reply)}`)
      return { kind: 'bearer', token: reply.data.token }
    },
    restart(changed) {
      runtime = createRuntime(effectsOf(changed))
    },
    boot(change) {
      const ours = effectsOf()
      return createRuntime({ ...ours, ...change(ours) })
    },
  }
  return world
}

/** The data of a reply that must be a success. */
export function dataOf<O>(reply: Reply<O>): O {
  if (!reply.ok) throw new Error(`the call failed: ${JSON.stringify(reply.error)}`)
  return reply.data
}

/** The error code of a reply, `OK` for a success. */
export const codeOf = (reply: Reply): string => (reply.ok ? 'OK' : reply.error.code)
