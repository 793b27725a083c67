import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ROOT } from '../../../scripts/projectRoot.ts'
import { startNode } from './child.ts'
import { freePorts } from './freePorts.ts'

const TCB_FF = join(ROOT, 'node_modules/@cloudbase/functions-framework/bin/tcb-ff.js')

export type FunctionsFramework = {
  readonly url: string
  close(): Promise<void>
}

/** Serves folders as function-type CloudBase Run does: `POST /<name>`, many requests at once in one process. */
export async function startFunctionsFramework(
  functionsRoot: string,
  names: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<FunctionsFramework> {
  const { folder, args } = await configure(functionsRoot, names)
  const [port] = await freePorts(1)
  const child = startNode([...args, '--port', String(port)], { cwd: folder, environment })
  await child.printed(/Server listening on port/)

  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await child.stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** Loads folders without serving them. Answers the exit code, 0 when all of them could be loaded. */
export async function dryRun(functionsRoot: string, names: readonly string[]) {
  const { folder, args } = await configure(functionsRoot, names)
  const code = await startNode([...args, '--dry-run'], { cwd: folder, environment: {} }).exited
  await rm(folder, { recursive: true })
  return code
}

async function configure(functionsRoot: string, names: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'tcb-ff-'))
  const configFile = join(folder, 'functions.json')
  const functions = names.map((name) => ({ name, directory: name, triggerPath: `/${name}` }))
  await writeFile(configFile, JSON.stringify({ functionsRoot: relative(folder, functionsRoot), functions }))

  return { folder, args: [TCB_FF, '--functionsConfigFile', configFile, '--logDirname', folder] }
}
