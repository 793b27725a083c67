import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { unzipSync } from 'fflate'
import { expect, test } from 'vitest'
import { build } from '../../scripts/build.ts'
import { cloudCallsOf } from '../../scripts/cloudbaseConfig.ts'
import { discoverFunctions } from '../../scripts/functions.ts'
import { createScratchFolder, createScratchProject } from './scratchProject.ts'

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'))

async function readAll(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const contents = paths.map(
    async (path) => [path.slice(folder.length), (await readFile(path)).toString('base64')] as const,
  )
  return new Map((await Promise.all(contents)).sort())
}

test('two builds of the same sources are the same bytes', async () => {
  const [first, second] = [await createScratchFolder(), await createScratchFolder()]

  await build({ outdir: first })
  await build({ outdir: second })

  expect(await readAll(first)).toEqual(await readAll(second))
})

test('each function gets the files that its platforms load', async () => {
  const outdir = await createScratchFolder()
  const functions = await discoverFunctions()

  const built = await build({ outdir })

  expect(built.map(({ name }) => name)).toEqual(functions.map(({ name }) => name))
  for (const fn of functions) {
    const cloudbase = join(outdir, 'cloudbase', fn.name)
    const lambda = join(outdir, 'lambda', fn.name)
    const needsSdk = cloudCallsOf(fn).length > 0 || fn.readsCloudFiles === true
    const index = await readFile(join(cloudbase, 'index.js'), 'utf8')

    expect(createRequire(import.meta.url)(join(cloudbase, 'index.js'))).toEqual({
      main: expect.any(Function),
    })
    expect(await readJson(join(cloudbase, 'package.json'))).toEqual({ type: 'commonjs' })
    expect(await readJson(join(cloudbase, 'config.json'))).toMatchObject({
      permissions: { openapi: cloudCallsOf(fn) },
    })
    expect(existsSync(join(cloudbase, 'wx-server-sdk.js'))).toBe(needsSdk)
    expect(index.includes('wx-server-sdk')).toBe(needsSdk)

    const module = await import(/* @vite-ignore */ pathToFileURL(join(lambda, 'index.mjs')).href)
    expect({ ...module }).toEqual({ handler: expect.any(Function) })
    expect(await readdir(lambda)).toEqual(['index.mjs'])
    const zip = unzipSync(await readFile(`${lambda}.zip`))
    expect(Object.keys(zip)).toEqual(['index.mjs'])
    expect(Buffer.from(zip['index.mjs'] ?? []).equals(await readFile(join(lambda, 'index.mjs')))).toBe(true)
  }
})

test('the schedule and the cloud calls of a function stand in its config.json', async () => {
  const outdir = await createScratchFolder()
  const functions = await discoverFunctions()
  const scheduled = functions.find(({ schedule }) => schedule)
  const calling = functions.find((fn) => cloudCallsOf(fn).length > 0)

  await build({ outdir, names: [scheduled?.name ?? '', calling?.name ?? ''] })

  expect(await readdir(join(outdir, 'cloudbase'))).toHaveLength(2)
  expect(await readJson(join(outdir, 'cloudbase', scheduled?.name ?? '', 'config.json'))).toMatchObject({
    triggers: [{ type: 'timer', config: expect.stringMatching(/^0 \S+ \* \* \* \* \*$/) }],
  })
  expect(await readJson(join(outdir, 'cloudbase', calling?.name ?? '', 'config.json'))).toEqual({
    permissions: { openapi: expect.arrayContaining([expect.stringMatching(/^\w+\.\w+$/)]) },
  })
})

test('the SDK of a function loads from the file beside it', async () => {
  const outdir = await createScratchFolder()
  const [calling] = (await discoverFunctions()).filter((fn) => cloudCallsOf(fn).length > 0)

  await build({ outdir, names: [calling?.name ?? ''] })

  const sdk = createRequire(import.meta.url)(
    join(outdir, 'cloudbase', calling?.name ?? '', 'wx-server-sdk.js'),
  )
  expect(sdk).toMatchObject({ init: expect.any(Function), getTempFileURL: expect.any(Function) })
})

const functionThat = (does: string, before = '') => `
  import * as z from 'zod/mini'
  import { defineFunction } from '../../shared/function/define.ts'
  ${before}
  export default defineFunction({
    name: 'heavy', access: ['user'], input: z.strictObject({}), uses: {}, timeoutSeconds: 1,
    handle: async () => ({ answer: ${does} }),
  })`

const refused: readonly [what: string, source: string, message: RegExp][] = [
  ['is too large', functionThat(`'${'x'.repeat(100_000)}'`), /^heavy on \w+: \d+ bytes are more than 68 KB$/],
  [
    'carries an SDK',
    functionThat('String(DynamoDBClient)', `import { DynamoDBClient } from '@aws-sdk/client-dynamodb'`),
    /^heavy on \w+: bundles .*@aws-sdk/,
  ],
]

test.each(refused)(
  'a function that %s fails the build, and the last build stays',
  async (_what, source, message) => {
    const root = await createScratchProject({
      'functions/heavy/index.ts': source,
      'dist/lambda/heavy.zip': 'the last build',
    })

    await expect(build({ root })).rejects.toThrow(message)

    expect(await readAll(join(root, 'dist'))).toEqual(
      new Map([['/lambda/heavy.zip', btoa('the last build')]]),
    )
  },
)

test('what else lies in dist stays, and files of functions that are gone do not', async () => {
  const outdir = await createScratchFolder()
  await build({ outdir, names: ['login', 'logout'] })
  await writeFile(join(outdir, 'notes.md'), '')

  await build({ outdir, names: ['login'] })

  expect((await readdir(outdir)).sort()).toEqual(['cloudbase', 'lambda', 'notes.md'])
  expect((await readdir(join(outdir, 'lambda'))).sort()).toEqual(['login', 'login.zip'])
})

test('a function that does not exist cannot be built', async () => {
  const outdir = await createScratchFolder()

  await expect(build({ outdir, names: ['login', 'logIn'] })).rejects.toThrow('there is no function logIn')

  expect(await readdir(outdir)).toEqual([])
})
