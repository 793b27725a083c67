import { onTestFinished } from 'vitest'
import type { Fault } from '../../../scripts/simulator/faults.ts'
import { createHttpTransport } from '../../../shared/platform/httpTransport.ts'
import { type Transport, TransportFailure } from '../../../shared/ports/transport.ts'
import { findClosedPort } from '../../support/findClosedPort.ts'
import { createTestClock, type TestClock } from '../../support/testClock.ts'
import type { World } from '../../support/world.ts'

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
}

/** How long a test waits for what never comes. */
const PATIENCE_MS = 300

/**
 * A network with faults, and a clock of one mind with it: whoever waits in vain has waited for as long as it
 * was ready to, though the test has not. Whatever else happens takes no time.
 */
export function createNetwork(clock: TestClock = createTestClock()): Network {
  const transport = createHttpTransport({ clock })
  onTestFinished(transport.close)
  const detours = new Map<string, string>()
  let hopeless: string | undefined

  function redirect(url: string): string {
    const { pathname, search } = new URL(url)
    const base = detours.get(pathname)
    return base ? `${base}${pathname}${search}` : url
  }

  return {
    clock,
    transport: {
      async send(request) {
        const isHopeless = new URL(request.url).pathname === hopeless
        const timeoutMs = isHopeless ? Math.min(request.timeoutMs, PATIENCE_MS) : request.timeoutMs
        try {
          return await transport.send({ ...request, url: redirect(request.url), timeoutMs })
        } catch (failure) {
          if (failure instanceof TransportFailure && failure.kind === 'timeout')
            clock.advance(request.timeoutMs)
          throw failure
        }
      },
    },

    async strike({ simulator }, path, strike) {
      if (strike === 'refused') detours.set(path, `http://127.0.0.1:${await findClosedPort()}`)
      else if (strike === 'unresolvable') detours.set(path, `http://${'a'.repeat(64)}.invalid`)
      else {
        const { outlasts = false, ...fault } = strike
        hopeless = outlasts ? path : undefined
        simulator.faults.add({ path, times: Number.POSITIVE_INFINITY, ...fault })
      }
    },

    heal({ simulator }) {
      detours.clear()
      hopeless = undefined
      simulator.faults.clear()
    },
  }
}
