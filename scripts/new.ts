import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runCommand } from './command.ts'
import { nameFault } from './functions.ts'
import { ROOT } from './projectRoot.ts'

/**
 * Writes a new function and its test, which fails until the function does something.
 *
 * Answers the files written. Throws, with nothing written, when the name is bad or already taken.
 */
export async function createFunction(name: string, root = ROOT): Promise<readonly string[]> {
  const files = {
    [`functions/${name}/index.ts`]: declaration(name),
    [`test/functions/${name}.test.ts`]: test(name),
  }
  const fault = nameFault(name)
  if (fault) throw new Error(`'${name}': ${fault}`)
  const taken = [`functions/${name}`, ...Object.keys(files)].find((path) => existsSync(join(root, path)))
  if (taken) throw new Error(`'${name}': ${taken} exists already`)

  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { flag: 'wx' })
  }
  return Object.keys(files)
}

const declaration = (name: string): string => `import * as z from 'zod/mini'
import { Problem } from '../../shared/core/problem.ts'
import { defineFunction } from '../../shared/function/define.ts'

const input = z.strictObject({})

export type ${typeName(name)}Input = z.input<typeof input>

export type ${typeName(name)}Output = {
  readonly openid: string
}

/**
 * What the caller gets, in one sentence.
 *
 * Fails with which codes, and when.
 */
export default defineFunction({
  name: '${name}',
  access: ['user'],
  input,
  uses: {},
  timeoutSeconds: 10,

  async handle(): Promise<${typeName(name)}Output> {
    throw new Problem('INTERNAL', { detail: '${name} does nothing yet' })
  },
})
`

const test = (name: string): string => `import { expect, test } from 'vitest'
import ${name} from '../../functions/${name}/index.ts'
import { createWorld } from '../support/world.ts'

const NEXT = 'next: say here what ${name} answers, and write its handle'

test('${name} gives a user their openid', async () => {
  const world = await createWorld()
  const alice = world.simulator.phone('alice')

  const reply = await world.call(${name}, {}, await world.logIn('alice'))

  expect(reply, NEXT).toEqual({ ok: true, data: { openid: alice.openid } })
})
`

const typeName = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

const nextSteps = (name: string): string => `
Next:
  1. npx vitest run test/functions/${name}.test.ts fails: say there what ${name} should do.
  2. Write functions/${name}/index.ts: who may call, what comes in, which endpoints it uses, what goes out.
  3. npm run config writes it into cloudbaserc.json and serverless.yml.
  4. npm run check && npm test
`

await runCommand(import.meta.filename, async () => {
  const [name, ...rest] = process.argv.slice(2)
  if (name === undefined || rest.length > 0) throw new Error('usage: npm run new -- <name>')

  const files = await createFunction(name)
  console.log(`written:\n  ${files.join('\n  ')}\n${nextSteps(name)}`)
})
