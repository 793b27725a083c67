import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { LocalServerMessage } from '../shared/platform/local/main.ts'
import { ROOT } from './projectRoot.ts'

/** The functions as one process of this machine, built like production and started anew when they change. */
export type LocalServer = {
  readonly url: string
  /**
   * Builds again, with the functions that are there by now, and replaces the process; the port stays. When
   * the new ones do not build or do not start, the old ones go on.
   */
  restart(): Promise<void>
  close(): Promise<void>
}

type LocalServerOptions = {
  readonly port: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the process's log lines go. */
  readonly output: 'inherit' | 'ignore'
}

/** @throws Error with the system's code when the port cannot be had */
export async function startLocalServer({
  port,
  environment,
  output,
}: LocalServerOptions): Promise<LocalServer> {
  const start = (code: string, at: number) => startProcess(code, { ...environment, PORT: String(at) }, output)
  let code = await bundle()
  let running = await start(code, port)
  const listeningOn = running.port

  async function restart(): Promise<void> {
    const changed = await bundle()
    await stop(running.child)
    try {
      running = await start(changed, listeningOn)
      code = changed
    } catch (error) {
      running = await start(code, listeningOn)
      throw error
    }
  }

  // One after the other: the port is free only once the process before has ended.
  let last: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work, work)
    return last
  }

  return {
    url: `http://127.0.0.1:${listeningOn}`,
    restart: () => inTurn(restart),
    close: () => inTurn(() => stop(running.child)),
  }
}

async function bundle(): Promise<string> {
  const names = await functionFolders()
  const imports = names.map((name, i) => `import f${i} from './functions/${name}/index.ts'`)
  const list = names.map((_, i) => `f${i}`)
  const entry = [
    ...imports,
    "import { serveLocally } from './shared/platform/local/main.ts'",
    `serveLocally([${list.join(', ')}])`,
  ]
  const {
    outputFiles: [file],
  } = await build({
    stdin: { contents: entry.join('\n'), resolveDir: ROOT, sourcefile: 'local.ts', loader: 'ts' },
    // Only the paths of the source map follow from this.
    outfile: join(ROOT, 'local.mjs'),
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    // Few keep the state of one machine in the cloud, and it is installed here.
    external: ['@cloudbase/node-sdk'],
    banner: { js: "import{createRequire as c}from'node:module';const require=c(import.meta.url);" },
    sourcemap: 'inline',
    logLevel: 'error',
  })
  if (!file) throw new Error('esbuild made nothing of the functions')

  return file.text
}

async function functionFolders(): Promise<readonly string[]> {
  const folders = await readdir(join(ROOT, 'functions'))
  return folders.filter((name) => existsSync(join(ROOT, 'functions', name, 'index.ts'))).sort()
}

/** The code goes in by standard input: there is no file that another deployment could overwrite. */
async function startProcess(
  code: string,
  environment: Readonly<Record<string, string | undefined>>,
  output: 'inherit' | 'ignore',
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['--enable-source-maps', '--input-type=module'], {
    cwd: ROOT,
    env: environment,
    stdio: ['pipe', output, 'inherit', 'ipc'],
  })
  // Whoever ends before having read all of it is noticed below.
  child.stdin?.on('error', () => undefined).end(code)
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
