import { setTimeout as realSleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Fault } from '../../../scripts/simulator/faults.ts'
import { createHttpTransport } from '../../../shared/platform/httpTransport.ts'
import { type HttpRequest, type Transport, TransportFailure } from '../../../shared/ports/transport.ts'
import { findClosedPort } from '../../support/findClosedPort.ts'
import type { TestClock } from '../../support/testClock.ts'
import type { World } from '../../support/world.ts'
import { createWaitingClock } from './waitingClock.ts'

/**
 * What goes wrong with the requests to an endpoint, every time unless it says otherwise. What `outlasts` them
 * goes on for longer than anybody waits.
 */
export type Strike = 'refused' | 'unresolvable' | (Omit<Fault, 'path'> & { readonly outlasts?: true })

export type Network = {
  readonly clock: TestClock
  readonly transport: Transport
  strike(world: World, path: string, strike: Strike): Promise<void>
  heal(world: World): void
  /** Lets time pass while a call waits for what never comes from elsewhere, and returns what it came to. */
  passTime<T>(call: Promise<T>): Promise<T>
}

/** Long enough for whoever was woken to do the next thing. */
const TURN_MS = 5

/**
 * A network with faults, and a clock of one mind with it: whoever waits in vain has waited for as long as it
 * was ready to, though the test has not. Whatever else happens takes no time.
 */
export function createNetwork(): Network {
  const clock = createWaitingClock()
  const transport = createHttpTransport({ clock })
  onTestFinished(transport.close)
  const detours = new Map<string, string>()
  let silent: { readonly path: string; readonly arrived: () => number } | undefined
  let underWay = 0

  function redirect(url: string): string {
    const { pathname, search } = new URL(url)
    const base = detours.get(pathname)
    return base ? `${base}${pathname}${search}` : url
  }

  async function send(request: HttpRequest) {
    underWay++
    try {
      return await transport.send({ ...request, url: redirect(request.url) })
    } finally {
      underWay--
    }
  }

  /** Time passes for as long as somebody waits for it, whenever nobody has anything else to do. */
  async function passTimeWhile(isAwaited: () => boolean, untilMs?: number): Promise<void> {
    while (isAwaited()) {
      await realSleep(TURN_MS)
      if (isAwaited() && underWay === 0) clock.passTowards(untilMs)
    }
  }

  /** WeChat gets the request, and nobody gets an answer. */
  async function sendInVain(request: HttpRequest, arrived: () => number): Promise<never> {
    const untilMs = clock.nowMs() + request.timeoutMs
    const arrivedBefore = arrived()
    transport.send(request).catch(() => undefined)
    while (arrived() === arrivedBefore) await realSleep(TURN_MS)
    await passTimeWhile(() => silent !== undefined && clock.nowMs() < untilMs, untilMs)
    throw new TransportFailure('timeout', true, 'no complete answer in time')
  }

  return {
    clock,
    transport: {
      send: (request) =>
        silent && new URL(request.url).pathname === silent.path
          ? sendInVain(request, silent.arrived)
          : send(request),
    },

    async strike({ simulator }, path, strike) {
      if (strike === 'refused') detours.set(path, `http://127.0.0.1:${await findClosedPort()}`)
      else if (strike === 'unresolvable') detours.set(path, `http://${'a'.repeat(64)}.invalid`)
      else {
        const { outlasts = false, ...fault } = strike
        silent = outlasts ? { path, arrived: () => simulator.requests(path).length } : undefined
        simulator.faults.add({ path, times: Number.POSITIVE_INFINITY, ...fault })
      }
    },

    heal({ simulator }) {
      detours.clear()
      silent = undefined
      simulator.faults.clear()
    },

    async passTime(call) {
      let isOver = false
      const ended = call.finally(() => {
        isOver = true
      })
      await passTimeWhile(() => !isOver)
      return ended
    },
  }
}
