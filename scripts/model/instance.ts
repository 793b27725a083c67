import type { Environment } from '../../shared/core/config.ts'
import type { Origin } from '../../shared/function/caller.ts'
import type { AnyFunction, InputOf, OutputOf } from '../../shared/function/define.ts'
import { invoke } from '../../shared/function/invoke.ts'
import type { Reply } from '../../shared/function/reply.ts'
import { createRuntime } from '../../shared/platform/createRuntime.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Chance } from './chance.ts'
import type { Fates } from './effect.ts'
import { type CallEntry, codeOf, type History } from './history.ts'
import type { ModelStore } from './modelStore.ts'
import { createModelTransport } from './modelTransport.ts'
import type { ModelWechat } from './modelWechat.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** One process of the deployment, as the platform sees it. */
export type Instance = Actor & {
  /** How far its clock is ahead of the truth. */
  readonly skewMs: number
  readonly isAwake: () => boolean
  /** Ends it: nothing reaches it any more. What it has sent goes on. */
  kill(): void
  /** Has nothing reach it for a while, though its clock goes on. */
  freeze(durationMs: number): void
  /** Strikes once it is about to hear of its `events`-th event from now: that is, at any of its awaits. */
  strikeAfter(events: number, strike: () => void): void
  /** Calls a function there, as an adapter does. The reply is in the entry, once there is one. */
  call<F extends AnyFunction>(
    fn: F,
    input: InputOf<F>,
    origin: Origin,
    remainingMs?: number,
    onReply?: (reply: Reply<OutputOf<F>>) => void,
  ): CallEntry
}

export type Surroundings = {
  readonly scheduler: Scheduler
  readonly fates: Fates
  readonly history: History
  readonly store: ModelStore
  readonly wechat: ModelWechat
  readonly environment: Environment
}

const REPLY_MARGIN_MS = 500

/** Starts an instance: the production code, from `invoke` down to its ports. */
export function createInstance(
  name: string,
  skewMs: number,
  chance: Chance,
  { scheduler, fates, history, store, wechat, environment }: Surroundings,
): Instance {
  let strikes: { events: number; readonly strike: () => void }[] = []

  const instance: Instance = {
    name,
    skewMs,
    isDead: false,
    frozenUntilMs: Number.NEGATIVE_INFINITY,
    isAwake: () => !instance.isDead && instance.frozenUntilMs <= scheduler.nowMs(),

    onEvent() {
      const due = strikes.filter((planned) => --planned.events <= 0)
      strikes = strikes.filter((planned) => planned.events > 0)
      for (const { strike } of due) strike()
    },

    kill() {
      if (instance.isDead) return
      instance.isDead = true
      const atMs = scheduler.nowMs()
      history.strikes.push({ kind: 'kill', atMs, untilMs: atMs, instance })
      history.note(() => `${name} is killed`)
    },

    freeze(durationMs) {
      if (!instance.isAwake()) return
      const atMs = scheduler.nowMs()
      instance.frozenUntilMs = atMs + durationMs
      history.strikes.push({ kind: 'freeze', atMs, untilMs: instance.frozenUntilMs, instance })
      history.note(() => `${name} is frozen for ${(durationMs / 1000).toFixed(1)} s`)
    },

    strikeAfter: (events, strike) => void strikes.push({ events, strike }),

    call(fn, input, origin, remainingMs, onReply) {
      const startedAtMs = scheduler.nowMs()
      const callMs =
        Math.min(fn.timeoutSeconds * 1000, remainingMs ?? Number.POSITIVE_INFINITY) - REPLY_MARGIN_MS
      const id = history.calls.length + 1
      const entry: CallEntry = {
        id,
        instance,
        name: fn.name,
        startedAtMs,
        deadlineAtMs: startedAtMs + callMs,
      }
      history.calls.push(entry)
      history.note(() => `${name} call ${id} ${fn.name}`)
      const call = {
        origin,
        input: { value: input },
        requestId: `request-${id}`,
        ...(remainingMs && { remainingMs }),
      }
      void invoke(fn, call, runtime).then((reply) => {
        entry.reply = reply
        entry.endedAtMs = scheduler.nowMs()
        history.note(() => `${name} call ${id} -> ${codeOf(reply)}`)
        onReply?.(reply as Reply<OutputOf<typeof fn>>)
      })
      return entry
    },
  }

  history.note(() => `${name} starts, its clock ${(skewMs / 1000).toFixed(0)} s ahead`)
  const clock: Clock = {
    nowMs: () => scheduler.nowMs() + skewMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const cancel = scheduler.after(durationMs, resolve, instance)
        signal?.addEventListener(
          'abort',
          () => {
            cancel()
            resolve()
          },
          { once: true },
        )
      }),
  }
  const runtime = createRuntime({
    environment,
    clock,
    random: { bytes: chance.bytes, fraction: chance.fraction },
    transport: createModelTransport(instance, { scheduler, fates, history, wechat }),
    log: { write: (level, line) => history.logLines.push(JSON.stringify({ level, ...line })) },
    memoryStore: store.openedBy(instance),
  })
  return instance
}
