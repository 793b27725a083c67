import checkContent from '../../functions/checkContent/index.ts'
import type { Config, Environment } from '../../shared/core/config.ts'
import { invoke } from '../../shared/function/invoke.ts'
import { createRuntime } from '../../shared/platform/createRuntime.ts'
import { systemRandom } from '../../shared/platform/systemRandom.ts'
import { startByHand } from './byHandTokens.ts'
import { countStore } from './countedStore.ts'
import type { FleetInstance, FleetWorld } from './fleetWorld.ts'

/** A way to come by access tokens. */
export type FleetContender = {
  readonly name: string
  /** Ours share their tokens through the state store, the others have none. */
  readonly isOurs: boolean
  /** @param state the variables of a store to be used in place of the world's own */
  start(world: FleetWorld, state: Environment): FleetInstance
}

/** By its path, as `WECHAT_TOKEN_MODE` names it. */
const CLASSIC = '/cgi-bin/token'
const STABLE = '/cgi-bin/stable_token'

export const FLEET_CONTENDERS: readonly FleetContender[] = [
  { name: 'ours, stable', isOurs: true, start: startOurs('stable') },
  { name: 'ours, classic', isOurs: true, start: startOurs('classic') },
  { name: '(i)', isOurs: false, start: startByHand({ path: CLASSIC }) },
  { name: '(ii)', isOurs: false, start: startByHand({ path: CLASSIC, isSingleFlight: true, repeats: true }) },
  { name: '(iii)', isOurs: false, start: startByHand({ path: STABLE, isSingleFlight: true, repeats: true }) },
]

/** What the names of those by hand stand for. */
export const FLEET_NOTES = [
  'By hand, each instance keeps a token of its own: (i) of the classic endpoint, fetched by every call that finds',
  'none, as in most samples; (ii) the same, fetched once for all calls that wait in the instance, and a refused',
  'call repeated once with a new one; (iii) as (ii), of the stable endpoint.',
]

function startOurs(mode: Config['tokenMode']): FleetContender['start'] {
  return (world, state) => {
    const { app, simulator, openid, clock, stateKeys } = world
    const { store, counts } = countStore(world.store)
    const environment: Environment = {
      WECHAT_APP_ID: app.appId,
      WECHAT_APP_SECRET: app.appSecret,
      WECHAT_API_BASE_URL: simulator.url,
      WECHAT_TOKEN_MODE: mode,
      STATE_STORE: 'memory',
      STATE_KEYS: stateKeys,
      LOG_LEVEL: 'silent',
      ...state,
    }
    const runtime = createRuntime({
      environment,
      clock,
      random: systemRandom,
      transport: world.openTransport(),
      log: { write: () => undefined },
      memoryStore: store,
    })
    const origin = { kind: 'wechatUser', openid, vouchedFields: new Set<string>() } as const
    const input = { value: { type: 'text', scene: 1, content: 'tea' } }

    return {
      storeCounts: counts,
      call: async () => (await invoke(checkContent, { origin, input, requestId: 'r' }, runtime)).ok,
    }
  }
}
