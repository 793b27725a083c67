import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export type ChildOptions = {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

/** A Node process that tests started. Nothing of it outlives the test file. */
export type Child = {
  /** Everything it has printed so far. */
  readonly output: string
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** Resolves once it has printed this; rejects when it ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves once it has printed this again, after what was asked for last. */
  printsNext(pattern: RegExp): Promise<RegExpExecArray>
  /** Sends a signal that need not end it: `SIGSTOP` freezes, `SIGCONT` thaws. */
  signal(signal: NodeJS.Signals): void
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** For NODE_OPTIONS: nothing that tests start finds out where hosts on the network are. */
export const NO_NAME_SERVER = `--require ${JSON.stringify(join(import.meta.dirname, 'noNameServer.cjs'))}`

const running = new Set<ChildProcess>()

afterAll(async () => {
  await Promise.all([...running].map(kill))
})

process.once('exit', () => {
  for (const child of running) killGroup(child)
})

/** Starts Node with these arguments and this environment alone, and without a name server. */
export function startNode(args: readonly string[], { environment, cwd }: ChildOptions): Child {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_OPTIONS: NO_NAME_SERVER, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Of a group of its own, with which whatever it starts itself can be ended too.
    detached: true,
    ...(cwd && { cwd }),
  })
  const printing = new EventEmitter()
  let output = ''
  let seen = 0
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part
      printing.emit('more')
    })
  }
  running.add(child)
  // `close` comes after the last of the output, `exit` may come before it.
  const exited = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => {
    running.delete(child)
    return code ?? signal
  })

  async function waitFor(pattern: RegExp, from: number): Promise<RegExpExecArray> {
    const ended = exited.then(() => ['end'])
    for (;;) {
      const match = pattern.exec(output.slice(from))
      if (match) {
        seen = Math.max(seen, from + match.index + match[0].length)
        return match
      }
      const [end] = await Promise.race([once(printing, 'more'), ended])
      if (end) throw new Error(`ended before it printed ${pattern}:\n${output}`)
    }
  }

  return {
    get output() {
      return output
    },
    exited,
    printed: (pattern) => waitFor(pattern, 0),
    printsNext: (pattern) => waitFor(pattern, seen),
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  killGroup(child)
  await closed
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}
