import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHttpTransport } from '../../shared/platform/httpTransport.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import { systemClock } from '../../shared/platform/systemClock.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import type { Transport } from '../../shared/ports/transport.ts'
import { type Simulator, startSimulator } from '../simulator/simulator.ts'
import type { StoreCounts } from './countedStore.ts'

type App = { readonly appId: string; readonly appSecret: string }

/** What the instances of one deployment have in common, new for every measurement. */
export type FleetWorld = {
  readonly app: App
  readonly simulator: Simulator
  /** Of a user who has just been active. */
  readonly openid: string
  readonly clock: Clock
  readonly store: StateStore
  readonly stateKeys: string
  /** Connections of one instance's own. */
  openTransport(): Transport
  /** Lets time pass that nobody waits for. */
  advance(durationMs: number): void
  close(): Promise<void>
}

/** One instance of the deployment. */
export type FleetInstance = {
  /** Has WeChat judge a text. Whether it did. */
  call(): Promise<boolean>
  readonly storeCounts?: StoreCounts
}

/** About what both take within one region, so that on this machine too it counts who is asked and how often. */
export const WECHAT_MS = 40
export const STORE_MS = 4

export async function createFleetWorld(): Promise<FleetWorld> {
  // The state table outlives a measurement, so that each has an app of its own in it.
  const app = { appId: `wx${randomBytes(8).toString('hex')}`, appSecret: randomBytes(16).toString('hex') }
  let aheadMs = 0
  const clock: Clock = { nowMs: () => systemClock.nowMs() + aheadMs, sleep: systemClock.sleep }
  const simulator = await startSimulator({ ...app, nowMs: clock.nowMs })
  simulator.faults.add({ path: '*', latencyMs: WECHAT_MS, times: Number.POSITIVE_INFINITY })
  const phone = simulator.phone('bench')
  phone.login()
  const transports: { close(): void }[] = []

  return {
    app,
    simulator,
    openid: phone.openid,
    clock,
    store: delay(createMemoryStore(clock)),
    stateKeys: `k1:${randomBytes(32).toString('base64')}`,
    openTransport() {
      const transport = createHttpTransport({ clock })
      transports.push(transport)
      return transport
    },
    advance(durationMs) {
      aheadMs += durationMs
    },
    async close() {
      for (const transport of transports) transport.close()
      await simulator.close()
    },
  }
}

/** Half of the time before and half after: in between is the moment at which the store decides. */
function delay(store: StateStore): StateStore {
  async function slowly<T>(operation: () => Promise<T>): Promise<T> {
    await sleep(STORE_MS / 2)
    const result = await operation()
    await sleep(STORE_MS / 2)
    return result
  }
  return {
    get: (key) => slowly(() => store.get(key)),
    putIfAbsent: (key, record) => slowly(() => store.putIfAbsent(key, record)),
    compareAndSet: (key, version, record) => slowly(() => store.compareAndSet(key, version, record)),
    deleteIf: (key, version) => slowly(() => store.deleteIf(key, version)),
  }
}
