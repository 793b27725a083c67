import { Problem } from '../../shared/core/problem.ts'
import { createMemoryStore } from '../../shared/platform/memoryStore.ts'
import type { StateStore, StoredRecord } from '../../shared/ports/stateStore.ts'
import { carry, type Fates, isUndone } from './effect.ts'
import type { History } from './history.ts'
import type { Instance } from './instance.ts'
import type { Scheduler } from './scheduler.ts'

export type ModelStore = ReturnType<typeof createModelStore>

/**
 * The production memory store behind a network: every operation takes its time, may be lost, and may be done
 * without its answer arriving. As with the real stores an answer that does arrive is the truth.
 */
export function createModelStore(scheduler: Scheduler, fates: Fates, history: History) {
  const store = createMemoryStore({ nowMs: scheduler.nowMs, sleep: () => Promise.resolve() })

  function operate<T extends boolean | StoredRecord | undefined>(
    instance: Instance,
    operation: keyof StateStore,
    key: string,
    perform: () => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      carry({ instance, operation, key }, scheduler, fates, (fault) => {
        const answer = isUndone(fault) ? undefined : perform()
        const told = answer && fault === undefined
        const about = `${instance.name} ${operation} ${key.slice(key.indexOf(':') + 1)}`
        if (told) answer.then((value) => history.note(() => `${about} -> ${toText(value)}`))
        else history.note(() => `${about} ${fault}`)

        return () => (told ? resolve(answer) : reject(new Problem('STATE_UNAVAILABLE', { detail: 'model' })))
      })
    })
  }

  return {
    /** The store as one instance reaches it. */
    openedBy(instance: Instance): StateStore {
      async function noting(written: Promise<boolean>, key: string, body: string): Promise<boolean> {
        if (await written) history.writes.push({ instance, atMs: scheduler.nowMs(), key, body })
        return written
      }
      return {
        get(key) {
          history.reads.set(instance, (history.reads.get(instance) ?? 0) + 1)
          return operate(instance, 'get', key, () => store.get(key))
        },
        putIfAbsent: (key, record) =>
          operate(instance, 'putIfAbsent', key, () =>
            noting(store.putIfAbsent(key, record), key, record.body),
          ),
        compareAndSet: (key, version, record) =>
          operate(instance, 'compareAndSet', key, () =>
            noting(store.compareAndSet(key, version, record), key, record.body),
          ),
        deleteIf: (key, version) => operate(instance, 'deleteIf', key, () => store.deleteIf(key, version)),
      }
    },
  }
}

const toText = (value: boolean | StoredRecord | undefined): string =>
  typeof value === 'object' ? `version ${value.version.slice(0, 4)}` : String(value ?? 'nothing')
