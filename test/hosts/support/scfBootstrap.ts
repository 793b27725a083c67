import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../../scripts/projectRoot.ts'
import { NO_NAME_SERVER } from './child.ts'

/** The runtime that CloudBase's own command line runs event functions in on a developer's machine. */
const BOOTSTRAP = join(ROOT, 'node_modules/@cloudbase/cli/runtime/nodejs/bootstrap.js')

/** The bootstrap leaves timeouts to whoever runs it. */
const KILL_AFTER_MS = 15_000
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

export type ScfInvocation = {
  readonly event: unknown
  /** What the platform says about this invocation: its `context.environ`, copied to `process.env` as well. */
  readonly attested?: Readonly<Record<string, string>>
  /** The variables of the deployment, and whatever else the process finds in its environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutSeconds?: number
}

/**
 * Invokes `index.main` of a folder once, in a new process.
 *
 * Rejects when an error left the function, which the bootstrap tells on standard error alone: its exit code
 * is 0 either way.
 */
export async function invokeInScf(folder: string, invocation: ScfInvocation): Promise<unknown> {
  const { event, attested = {}, environment, timeoutSeconds = 10 } = invocation
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [BOOTSTRAP], {
    timeout: KILL_AFTER_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: {
      NODE_OPTIONS: NO_NAME_SERVER,
      ...environment,
      GLOBAL_USER_FILE_PATH: `${folder}/`,
      SCF_FUNCTION_HANDLER: 'index.main',
      SCF_FUNCTION_TIMEOUT: String(timeoutSeconds),
      SCF_DISPLAY_IS_QUIET: 'True',
      SCF_EVENT_BODY: JSON.stringify(event),
      SCF_FUNCTION_ENVIRON: Object.entries(attested)
        .map(([name, value]) => `${name}=${value}`)
        .join(';'),
    },
  })
  if (stderr !== '') throw new Error(`the bootstrap reported: ${stderr}`)

  return JSON.parse(stdout)
}
