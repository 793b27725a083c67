import type { StateStore } from '../../../shared/ports/stateStore.ts'
import type { Transport } from '../../../shared/ports/transport.ts'

/** At which effect a process stops, and whether the effect still takes place. */
export type Stop = { readonly at: number; readonly when: 'before' | 'after' }

export type MortalEffects = {
  readonly memoryStore: StateStore
  readonly transport: Transport
  /** What was done since the last stop was set, as `get account` or `POST /sns/jscode2session`. */
  readonly effects: readonly string[]
  /** Stops whoever comes to this effect first, for good or until it is thawed. */
  stop(stop: Stop): { readonly stopped: Promise<void>; thaw(): void }
}

/** A store and a network of which each operation can be the last thing that a process does. */
export function createMortalEffects(store: StateStore, transport: Transport): MortalEffects {
  let effects: string[] = []
  let pending: (Stop & { readonly freeze: () => Promise<void> }) | undefined

  async function run<T>(effect: string, work: () => Promise<T>): Promise<T> {
    const number = effects.push(effect) - 1
    const stop = pending?.at === number ? pending : undefined
    if (!stop) return work()

    pending = undefined
    if (stop.when === 'before') await stop.freeze()
    const result = await work()
    if (stop.when === 'after') await stop.freeze()
    return result
  }

  const kindOf = (key: string) => key.split(':')[1]

  return {
    get effects() {
      return effects
    },
    stop(stop) {
      const stopped = createGate()
      const thawed = createGate()
      const freeze = () => {
        stopped.open()
        return thawed.opened
      }
      effects = []
      pending = { ...stop, freeze }
      return { stopped: stopped.opened, thaw: thawed.open }
    },
    transport: {
      send: (request) =>
        run(`${request.method} ${new URL(request.url).pathname}`, () => transport.send(request)),
    },
    memoryStore: {
      get: (key) => run(`get ${kindOf(key)}`, () => store.get(key)),
      putIfAbsent: (key, record) => run(`putIfAbsent ${kindOf(key)}`, () => store.putIfAbsent(key, record)),
      compareAndSet: (key, version, record) =>
        run(`compareAndSet ${kindOf(key)}`, () => store.compareAndSet(key, version, record)),
      deleteIf: (key, version) => run(`deleteIf ${kindOf(key)}`, () => store.deleteIf(key, version)),
    },
  }
}

function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}
