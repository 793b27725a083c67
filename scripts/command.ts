import { realpathSync } from 'node:fs'

/**
 * Runs a command of package.json when its file was started, and not when it was imported.
 *
 * What commands refuse is a plain `Error`, whose message is for whoever typed the command. Anything else is
 * a fault in the command itself, so its stack is shown.
 */
export async function runCommand(filename: string, command: () => Promise<void>): Promise<void> {
  const started = process.argv[1]
  if (started === undefined || realpathSync(started) !== realpathSync(filename)) return

  try {
    await command()
  } catch (error) {
    console.error(error instanceof Error && error.constructor === Error ? error.message : error)
    process.exitCode = 1
  }
}
