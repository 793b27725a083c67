import type { Effects } from '../../shared/platform/createRuntime.ts'
import type { StateStore } from '../../shared/ports/stateStore.ts'
import type { Transport } from '../../shared/ports/transport.ts'

type Stoppable = {
  /** The same effects, until the process stops. */
  readonly wrap: (effects: Effects) => Pick<Effects, 'memoryStore' | 'transport'>
  readonly stopped: Promise<void>
  /** What the process was about to do, or had done and not heard of; `undefined` when it did not stop. */
  readonly stoppedAt: string | undefined
  /** Lets the process go on, as when a frozen instance thaws. */
  thaw(): void
}

/**
 * A process that stops at the n-th point where it waits: each operation of the store and each request has
 * one before it has its effect, and one after. Nothing that it does afterwards reaches anybody.
 */
export function createStoppable(n: number): Stoppable {
  let point = 0
  let stoppedAt: string | undefined
  let stop: () => void = () => undefined
  let thaw: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve
  })

  async function pass(name: string): Promise<void> {
    if (point === n) {
      stoppedAt = name
      stop()
    }
    point++
    if (stoppedAt !== undefined) await thawed
  }

  const around =
    <A extends readonly unknown[], R>(nameOf: (...args: A) => string, work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await pass(`before ${nameOf(...args)}`)
      const result = await work(...args)
      await pass(`after ${nameOf(...args)}`)
      return result
    }

  const wrapStore = (store: StateStore): StateStore => {
    const kindOf = (key: string) => key.split(':')[1]
    return {
      get: around((key) => `get ${kindOf(key)}`, store.get),
      putIfAbsent: around((key) => `putIfAbsent ${kindOf(key)}`, store.putIfAbsent),
      compareAndSet: around((key) => `compareAndSet ${kindOf(key)}`, store.compareAndSet),
      deleteIf: around((key) => `deleteIf ${kindOf(key)}`, store.deleteIf),
    }
  }
  const wrapTransport = (transport: Transport): Transport => ({
    send: around(({ url }) => `send ${new URL(url).pathname}`, transport.send),
  })

  return {
    wrap: ({ memoryStore, transport }) => ({
      memoryStore: wrapStore(memoryStore),
      transport: wrapTransport(transport),
    }),
    stopped,
    get stoppedAt() {
      return stoppedAt
    },
    thaw: () => thaw(),
  }
}
