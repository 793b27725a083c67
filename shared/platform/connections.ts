import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../ports/clock.ts'

/** Beyond this the peer may have closed a connection without our having heard of it. */
const MAX_IDLE_MS = 4000
const MAX_SOCKETS_PER_HOST = 50

/** Connections that are kept open and used again. */
export interface Connections {
  /** How many were begun so far. */
  readonly count: number
  readonly httpAgent: http.Agent
  readonly httpsAgent: https.Agent
  /** Calls back as soon as the request can reach the other side; before, it waits in memory. */
  watch(request: http.ClientRequest, onEstablished: () => void): void
  /** Notes that a connection has just been in use. */
  touch(socket: Socket): void
  /**
   * Closes what has been idle for long, by the clock on the wall: an instance may have been frozen for
   * minutes, and a request on a connection that the peer closed meanwhile would fail after it was sent,
   * when nobody can say whether it was seen.
   */
  dropStale(): void
  close(): void
}

export function createConnections(clock: Clock): Connections {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS_PER_HOST }
  const httpAgent = new http.Agent(options)
  const httpsAgent = new https.Agent(options)
  /** Of established connections alone. */
  const lastUsedAtMs = new WeakMap<Socket, number>()
  let count = 0

  const touch = (socket: Socket) => void lastUsedAtMs.set(socket, clock.nowMs())

  function isFresh(socket: Socket): boolean {
    const idleMs = clock.nowMs() - (lastUsedAtMs.get(socket) ?? 0)
    return idleMs >= 0 && idleMs <= MAX_IDLE_MS
  }

  return {
    get count() {
      return count
    },
    httpAgent,
    httpsAgent,
    touch,

    watch(request, onEstablished) {
      request.once('socket', (socket) => {
        // Not `request.reusedSocket`: that stays false for a request that had to wait for its connection.
        if (lastUsedAtMs.has(socket)) return onEstablished()

        count++
        socket.once(request.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          touch(socket)
          onEstablished()
        })
      })
    },

    dropStale() {
      for (const socket of [...freeSocketsOf(httpAgent), ...freeSocketsOf(httpsAgent)]) {
        if (isFresh(socket)) continue

        socket.destroy()
        // The close event would take it from the agent too late for the request that is about to start.
        socket.emit('agentRemove')
      }
    },

    close() {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

const freeSocketsOf = (agent: http.Agent): Socket[] =>
  Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])
