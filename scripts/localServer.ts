import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { LocalServerMessage } from '../shared/platform/local/main.ts'
import { ROOT } from './projectRoot.ts'

/** The functions as one process of this machine, built like production and started anew when they change. */
export type LocalServer = {
  readonly url: string
  /** Builds again and replaces the process; the port stays. A failed build leaves the old one running. */
  restart(): Promise<void>
  close(): Promise<void>
}

type LocalServerOptions = {
  readonly names: readonly string[]
  readonly port: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the process's log lines go. */
  readonly output: 'inherit' | 'ignore'
}

const BUNDLE = join(ROOT, '.local', 'server.mjs')

/** @throws Error with the system's code when the port cannot be had */
export async function startLocalServer({
  names,
  port,
  environment,
  output,
}: LocalServerOptions): Promise<LocalServer> {
  await bundle(names)
  const start = (at: number) => startProcess({ ...environment, PORT: String(at) }, output)
  let running = await start(port)
  const listeningOn = running.port

  return {
    url: `http://127.0.0.1:${listeningOn}`,
    async restart() {
      await bundle(names)
      await stop(running.child)
      running = await start(listeningOn)
    },
    close: () => stop(running.child),
  }
}

async function bundle(names: readonly string[]): Promise<void> {
  const imports = names.map((name, i) => `import f${i} from './functions/${name}/index.ts'`)
  const list = names.map((_, i) => `f${i}`)
  const entry = [
    ...imports,
    "import { serveLocally } from './shared/platform/local/main.ts'",
    `serveLocally([${list.join(', ')}])`,
  ]
  await build({
    stdin: { contents: entry.join('\n'), resolveDir: ROOT, sourcefile: 'local.ts', loader: 'ts' },
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as c}from'node:module';const require=c(import.meta.url);" },
    sourcemap: 'inline',
    logLevel: 'error',
  })
}

async function startProcess(
  environment: Readonly<Record<string, string | undefined>>,
  output: 'inherit' | 'ignore',
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['--enable-source-maps', BUNDLE], {
    env: environment,
    stdio: ['ignore', output, 'inherit', 'ipc'],
  })
  const message = await Promise.race([
    once(child, 'message').then(([told]) => told as LocalServerMessage),
    once(child, 'exit').then(([status]): LocalServerMessage => ({ failed: `exit status ${status}` })),
  ])
  if ('listeningOn' in message) return { child, port: message.listeningOn }

  await stop(child)
  throw Object.assign(new Error(`the functions did not start: ${message.failed}`), { code: message.failed })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return

  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
