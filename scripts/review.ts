import { Problem } from '../shared/core/problem.ts'
import { createProcessRuntime } from '../shared/platform/processRuntime.ts'
import { readKeptMessage } from '../shared/state/pushes.ts'
import { runCommand } from './command.ts'

/**
 * Shows a pushed message that was kept or set aside: the log names it. Reads the store of the deployment whose
 * variables are set.
 */
await runCommand(import.meta.filename, async () => {
  const [id] = process.argv.slice(2)
  if (!id) throw new Error('Usage: npm run review -- <the id after "push" in the log>')

  const kept = await readMessage(id)
  if (!kept) throw new Error(`No message is kept under ${id}.`)
  console.log(JSON.stringify(kept, undefined, 2))
})

/** What is wrong with the variables or the store is for whoever typed the command. */
async function readMessage(id: string): Promise<object | undefined> {
  try {
    return await readKeptMessage(createProcessRuntime()().records(), id)
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    throw new Error(thrown.options.detail ? `${thrown.message} (${thrown.options.detail})` : thrown.message)
  }
}
