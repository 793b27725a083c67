import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { checkVariables } from './checkVariables.ts'
import { cloudBaseConfig } from './cloudbaseSchema.ts'
import { runCommand } from './command.ts'
import { deriveConfig } from './config.ts'
import { readValue } from './configText.ts'
import { deploymentFaults, PLATFORMS } from './deploymentFaults.ts'
import { differences } from './differences.ts'
import { loadEnvFile } from './envFile.ts'
import { type Inspection, inspectFunctions } from './functions.ts'
import { ROOT } from './projectRoot.ts'

/** What is checked. Tests check a changed one. */
export type Project = Inspection & {
  /** The text of each file; empty when there is none. */
  readonly files: CheckedFiles
  readonly hasTest: (functionName: string) => boolean
}

/** The files that have to agree with the code. */
export type CheckedFiles = Readonly<Record<'cloudbaserc.json' | 'serverless.yml' | 'README.md', string>>

export async function readProject(root = ROOT): Promise<Project> {
  const read = (file: string) => readFile(join(root, file), 'utf8').catch(() => '')
  return {
    ...(await inspectFunctions(root)),
    files: {
      'cloudbaserc.json': await read('cloudbaserc.json'),
      'serverless.yml': await read('serverless.yml'),
      'README.md': await read('README.md'),
    },
    // One file, or a folder of them where there is much to say.
    hasTest: (name) =>
      [`${name}.test.ts`, name].some((path) => existsSync(join(root, 'test/functions', path))),
  }
}

/** Whatever does not agree with the functions' declarations and with `VARIABLES`, in lines to be read by people. */
export function checkProject({ functions, faults, files, hasTest }: Project): readonly string[] {
  const untested = functions
    .filter(({ name }) => !hasTest(name))
    .map(({ name }) => `functions/${name}: has no test; write test/functions/${name}.test.ts`)
  const unreadable = unreadableFiles(files)
  if (unreadable.length > 0) return [...faults, ...untested, ...unreadable]

  return [
    ...faults,
    ...untested,
    // A faulty function would only show up as one that is gone.
    ...(faults.length === 0 ? staleValues(functions, files) : []),
    ...schemaFaults(files['cloudbaserc.json']),
    ...checkVariables(files),
  ]
}

function unreadableFiles(files: CheckedFiles): readonly string[] {
  const parsers = {
    'cloudbaserc.json': JSON.parse,
    'serverless.yml': readValue,
    'README.md': String,
  } as const

  return Object.entries(parsers).flatMap(([name, parse]) => {
    const text = files[name as keyof CheckedFiles]
    if (text === '') return [`${name}: is missing`]
    try {
      parse(text)
      return []
    } catch (error) {
      return [`${name}: cannot be read: ${String(error)}`]
    }
  })
}

const staleValues = (functions: Project['functions'], files: CheckedFiles): readonly string[] =>
  deriveConfig(functions).flatMap(({ file, path, value }) => {
    const lines = differences(readValue(files[file], path), value, path.join('.'))
    return lines.length > 0
      ? [`${file}: is stale; run npm run config`, ...lines.map((line) => `  ${line}`)]
      : []
  })

function schemaFaults(text: string): readonly string[] {
  const { error } = cloudBaseConfig.safeParse(JSON.parse(text))
  const lines = error ? z.prettifyError(error).split('\n') : []
  return lines.map((line) => `cloudbaserc.json: ${line}`)
}

/** `--deploy cloudbase` or `--deploy aws` looks at the variables of a deployment instead of the project. */
async function findFaults(): Promise<readonly string[]> {
  const at = process.argv.indexOf('--deploy')
  if (at < 0) return checkProject(await readProject())

  const platform = PLATFORMS.find((name) => name === process.argv[at + 1])
  if (!platform) throw new Error(`--deploy takes one of ${PLATFORMS.join(', ')}`)

  if (platform === 'cloudbase') loadEnvFile()
  return deploymentFaults(platform, process.env)
}

await runCommand(import.meta.filename, async () => {
  const faults = await findFaults()
  if (faults.length > 0) throw new Error(faults.join('\n'))
})
