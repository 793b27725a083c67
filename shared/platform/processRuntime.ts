import { VARIABLES } from '../core/config.ts'
import type { Runtime } from '../function/runtime.ts'
import { consoleLog } from './consoleLog.ts'
import { createRuntime, type Effects } from './createRuntime.ts'
import { createHttpTransport } from './httpTransport.ts'
import { createMediaSource } from './mediaSource.ts'
import { createMemoryStore } from './memoryStore.ts'
import { systemClock } from './systemClock.ts'
import { systemRandom } from './systemRandom.ts'

/**
 * The runtime of this process, made at its first call and kept for the next ones.
 *
 * Made anew when a variable changes: CloudBase copies the configuration into the environment for every
 * call, so a warm instance may see a new one. Connections and memory state stay.
 */
export function createProcessRuntime(cloud?: Effects['cloud']): () => Runtime {
  const environment = process.env
  const effects: Effects = {
    environment,
    clock: systemClock,
    random: systemRandom,
    transport: createHttpTransport({ clock: systemClock }),
    log: consoleLog,
    memoryStore: createMemoryStore(systemClock),
    mediaSource: createMediaSource(),
    ...(cloud && { cloud }),
  }
  let madeFor: string | undefined
  let runtime: Runtime | undefined

  return () => {
    const values = VARIABLES.map((name) => environment[name]).join('\n')
    if (!runtime || values !== madeFor) {
      runtime = createRuntime(effects)
      madeFor = values
    }
    return runtime
  }
}
