import type { Environment } from '../../shared/core/config.ts'
import type { Chance } from './chance.ts'
import type { Fates } from './effect.ts'
import { createHistory, type History } from './history.ts'
import { createInstance, type Instance } from './instance.ts'
import { createModelStore } from './modelStore.ts'
import { createModelWechat, type ModelWechat } from './modelWechat.ts'
import { type Choose, createScheduler, type Scheduler } from './scheduler.ts'

export const APP_ID = 'wx0123456789abcdef'
export const APP_SECRET = 'canary-app-secret-5f2b9c'
export const STATE_KEYS = `k1:${Buffer.alloc(32, 'model').toString('base64')}`
/** 2026-01-15T08:00:00Z */
const START_MS = 1_768_464_000_000

/** One deployment with its store and its WeChat, under virtual time. */
export type World = {
  readonly scheduler: Scheduler
  readonly history: History
  readonly wechat: ModelWechat
  readonly instances: readonly Instance[]
  startInstance(skewMs?: number): Instance
}

export type WorldOptions = {
  readonly chance: Chance
  readonly choose: Choose
  readonly tickMs?: number
  readonly createFates: (nowMs: () => number, history: History) => Fates
  readonly environment?: Environment
  readonly isTraced?: boolean
}

export function createWorld({
  chance,
  choose,
  tickMs,
  createFates,
  environment,
  isTraced = false,
}: WorldOptions): World {
  const scheduler = createScheduler(START_MS, choose, tickMs)
  const history = createHistory(scheduler.nowMs, isTraced)
  const fates = createFates(scheduler.nowMs, history)
  const surroundings = {
    scheduler,
    history,
    fates,
    store: createModelStore(scheduler, fates, history),
    wechat: createModelWechat(scheduler.nowMs, chance.fork()),
    environment: {
      WECHAT_APP_ID: APP_ID,
      WECHAT_APP_SECRET: APP_SECRET,
      STATE_STORE: 'memory',
      STATE_KEYS,
      ...environment,
    },
  }
  const instances: Instance[] = []
  return {
    scheduler,
    history,
    wechat: surroundings.wechat,
    instances,
    startInstance(skewMs = 0) {
      const instance = createInstance(`i${instances.length + 1}`, skewMs, chance.fork(), surroundings)
      instances.push(instance)
      return instance
    },
  }
}
