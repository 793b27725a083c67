import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnyFunction } from '../shared/function/define.ts'
import { toCloudBaseFunction } from './cloudbaseConfig.ts'
import { runCommand } from './command.ts'
import { type KeyPath, replaceValue } from './configText.ts'
import { discoverFunctions } from './functions.ts'
import { ROOT } from './projectRoot.ts'
import { toRoles, toServerlessFunction } from './serverlessConfig.ts'

/** A value that follows from the functions, and where it is written. The rest of these files is written by hand. */
export type DerivedValue = {
  readonly file: 'cloudbaserc.json' | 'serverless.yml'
  readonly path: KeyPath
  readonly value: unknown
}

/** Everything in the deployment files that follows from the functions. */
export const deriveConfig = (functions: readonly AnyFunction[]): readonly DerivedValue[] => [
  { file: 'cloudbaserc.json', path: ['functions'], value: functions.map(toCloudBaseFunction) },
  {
    file: 'serverless.yml',
    path: ['functions'],
    value: Object.fromEntries(functions.map((fn) => [fn.name, toServerlessFunction(fn)])),
  },
  { file: 'serverless.yml', path: ['resources', 1, 'Resources'], value: toRoles(functions) },
]

/** Writes what follows from the functions into the deployment files. Answers the names of those it changed. */
export async function writeConfig(root = ROOT): Promise<readonly string[]> {
  const derived = deriveConfig(await discoverFunctions(root))
  const changed = new Set<string>()
  for (const { file, path, value } of derived) {
    const before = await readFile(join(root, file), 'utf8')
    const after = replaceValue(before, path, value, file.endsWith('.json') ? 'json' : 'yaml')
    if (after === before) continue

    await writeFile(join(root, file), after)
    changed.add(file)
  }
  return [...changed]
}

await runCommand(import.meta.filename, async () => {
  const changed = await writeConfig()
  console.log(
    changed.length > 0 ? `written: ${changed.join(', ')}` : 'cloudbaserc.json and serverless.yml are current',
  )
})
