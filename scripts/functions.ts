import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { ACCESS } from '../shared/function/caller.ts'
import type { AnyFunction } from '../shared/function/define.ts'
import { ROOT } from './projectRoot.ts'
import { isSchedule } from './schedule.ts'

/** CloudBase's limit; Lambda's, which counts service and stage too, is 64. */
const MAX_NAME_LENGTH = 60
/** CloudBase's limit for event functions. */
const MAX_TIMEOUT_SECONDS = 60

/** What `functions/` holds: the declarations in the order of their names, and one line for every fault. */
export type Inspection = { readonly functions: readonly AnyFunction[]; readonly faults: readonly string[] }

/** Imports every `functions/<name>/index.ts` and says what is wrong with them. */
export async function inspectFunctions(root = ROOT): Promise<Inspection> {
  const entries = await readdir(join(root, 'functions'), { withFileTypes: true })
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
  const found = await Promise.all(folders.map((folder) => inspectFunction(root, folder)))

  return {
    functions: found.flatMap(({ functions }) => functions),
    faults: found.flatMap(({ faults }) => faults),
  }
}

/** Every function of the project. Throws an error that lists the faults when there are any. */
export async function discoverFunctions(root = ROOT): Promise<readonly AnyFunction[]> {
  const { functions, faults } = await inspectFunctions(root)
  if (faults.length > 0) throw new Error(faults.join('\n'))

  return functions
}

async function inspectFunction(root: string, folder: string): Promise<Inspection> {
  const file = join(root, 'functions', folder, 'index.ts')
  if (!existsSync(file)) return { functions: [], faults: [`functions/${folder}: has no index.ts`] }

  try {
    const { default: value } = (await import(pathToFileURL(file).href)) as { default?: unknown }
    const faults = declarationFaults(folder, value)
    return { functions: faults.length === 0 ? [value as AnyFunction] : [], faults }
  } catch (error) {
    return { functions: [], faults: [`functions/${folder}: cannot be imported: ${String(error)}`] }
  }
}

/** What is wrong with the default export of `functions/<folder>/index.ts`, one line each. */
export function declarationFaults(folder: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || !('handle' in value)) {
    return [`functions/${folder}: the default export is no defineFunction({ … })`]
  }
  const { name, access, timeoutSeconds, schedule, push } = value as Partial<AnyFunction>
  const isScheduled = schedule !== undefined
  const faults = [
    name !== folder && `declares the name '${name}'; the name and the folder are the same`,
    nameFault(folder),
    !Object.isFrozen(value) && 'is not frozen; declare it with defineFunction',
    !isAccess(access) && `access is not a list of ${ACCESS.join(', ')}`,
    !isTimeout(timeoutSeconds) && `timeoutSeconds is not an integer from 1 to ${MAX_TIMEOUT_SECONDS}`,
    isScheduled && !isSchedule(schedule) && 'schedule is none that both platforms can keep',
    isAccess(access) &&
      access.includes('push') !== (push !== undefined) &&
      `has access 'push' without a push protocol, or a push protocol without access 'push'`,
    isScheduled &&
      isAccess(access) &&
      !access.includes('timer') &&
      `has a schedule, but access does not include 'timer'`,
  ]
  return faults.filter((fault) => typeof fault === 'string').map((fault) => `functions/${folder}: ${fault}`)
}

/** Why a function cannot have this name, or `undefined`. */
export function nameFault(name: string): string | undefined {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name))
    return 'the name is not camelCase (a–z first, then letters and digits)'
  if (name.length > MAX_NAME_LENGTH) return `the name is longer than ${MAX_NAME_LENGTH} characters`

  return isReservedWord(name) ? 'the name is a reserved word of JavaScript' : undefined
}

function isReservedWord(name: string): boolean {
  try {
    new Script(`'use strict'; let ${name}`)
    return false
  } catch {
    return true
  }
}

const isAccess = (access: unknown): access is AnyFunction['access'] =>
  Array.isArray(access) && access.length > 0 && access.every((item) => ACCESS.includes(item))

const isTimeout = (seconds: unknown): boolean =>
  Number.isInteger(seconds) && Number(seconds) >= 1 && Number(seconds) <= MAX_TIMEOUT_SECONDS
