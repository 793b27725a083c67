import type { Log } from '../ports/log.ts'

/**
 * Writes each entry as one JSON line to standard output, where both platforms collect logs.
 *
 * JSON escapes control characters, so no value can break or forge a line.
 */
export const consoleLog: Log = {
  write(level, entry) {
    console.log(JSON.stringify({ level, ...entry }))
  },
}
