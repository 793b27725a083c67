import type { Log } from '../ports/log.ts'

/** What JSON leaves as it is and a viewer may obey: DEL, the C1 controls, Unicode's own line ends. */
const CONTROLS = /[\u007f-\u009f\u2028\u2029]/g

const escapeControl = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Writes each entry as one JSON line to standard output, where both platforms collect logs.
 *
 * Control characters are escaped, so no value can break or forge a line, or speak to a terminal.
 */
export const consoleLog: Log = {
  write(level, entry) {
    console.log(JSON.stringify({ level, ...entry }).replace(CONTROLS, escapeControl))
  },
}
