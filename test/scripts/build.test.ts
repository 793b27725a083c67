import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { unzipSync } from 'fflate'
import { expect, test } from 'vitest'
import { build } from '../../scripts/build.ts'
import { type Bundle, bundleForCloudBase, bundleForLambda, bundleSdk } from '../../scripts/bundle.ts'
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
    expect(await readdir(cloudbase)).toEqual([
      'cloudbase-node-sdk.cjs',
      'config.json',
      'index.js',
      'package.json',
      ...(needsSdk ? ['wx-server-sdk.js'] : []),
    ])
    expect(index.includes('wx-server-sdk')).toBe(needsSdk)

    const module = await import(/* @vite-ignore */ pathToFileURL(join(lambda, 'index.mjs')).href)
    expect({ ...module }).toEqual({ handler: expect.any(Function) })
    const files = ['cloudbase-node-sdk.cjs', 'index.mjs']
    expect(await readdir(lambda)).toEqual(files)
    const zip = unzipSync(await readFile(`${lambda}.zip`))
    expect(Object.keys(zip).sort()).toEqual(files)
    for (const file of files) {
      expect(Buffer.from(zip[file] ?? []).equals(await readFile(join(lambda, file))), file).toBe(true)
    }
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

test('an index file holds zod, an XML parser where WeChat pushes, and no SDK; an SDK holds no other', async () => {
  const functions = await discoverFunctions()
  const [cloudbase, lambda, nodeSdk, wxServerSdk] = await Promise.all([
    bundleForCloudBase(functions),
    bundleForLambda(functions),
    bundleSdk('@cloudbase/node-sdk'),
    bundleSdk('wx-server-sdk'),
  ])
  const copiesIn = (bundle: Bundle) =>
    packagesIn(bundle).filter((path) => /\/(node-sdk|wx-server-sdk)$/.test(path))

  expect(copiesIn(nodeSdk)).toEqual(['node_modules/@cloudbase/node-sdk'])
  expect(copiesIn(wxServerSdk)).toEqual(['node_modules/wx-server-sdk'])
  for (const { name, push } of functions) {
    const packages = [...(push ? ['node_modules/@rgrove/parse-xml'] : []), 'node_modules/zod']
    for (const bundles of [cloudbase, lambda]) {
      const index = bundles.get(name)
      expect(index && packagesIn(index).toSorted(), name).toEqual(packages)
    }
  }
})

test.each([
  ['CloudBase', 'cloudbase', (folder: string) => createRequire(join(folder, 'index.js'))],
  ['Lambda', 'lambda', (folder: string) => (file: string) => import(pathToFileURL(join(folder, file)).href)],
])('node-sdk loads on %s from the file beside the index', async (_, platform, loaderIn) => {
  const outdir = await createScratchFolder()
  const nodeSdk = createRequire(import.meta.url)('@cloudbase/node-sdk')
  // As in this repository, where dist stands below a package of ES modules.
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }')
  await build({ outdir, names: ['login'] })

  const loaded = await loaderIn(join(outdir, platform, 'login'))('./cloudbase-node-sdk.cjs')

  expect(loaded.default ?? loaded).toMatchObject({ init: expect.any(Function), version: nodeSdk.version })
})

test('wx-server-sdk loads from the file beside the index, and takes node-sdk from the one beside it', async () => {
  const outdir = await createScratchFolder()
  const [calling] = (await discoverFunctions()).filter((fn) => cloudCallsOf(fn).length > 0)
  await build({ outdir, names: [calling?.name ?? ''] })
  const folder = join(outdir, 'cloudbase', calling?.name ?? '')
  const require = createRequire(join(folder, 'index.js'))

  expect(require('./wx-server-sdk.js')).toMatchObject({
    init: expect.any(Function),
    getTempFileURL: expect.any(Function),
  })

  expect(
    Object.keys(require.cache)
      .filter((path) => path.startsWith(folder))
      .sort(),
  ).toEqual([join(folder, 'cloudbase-node-sdk.cjs'), join(folder, 'wx-server-sdk.js')])
})

/** Where the packages lie that a file was bundled from: a second copy of one lies elsewhere. */
const packagesIn = ({ inputs }: Bundle): readonly string[] => [
  ...new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [])),
]

const functionThat = (does: string, before = '') => `
  import * as z from 'zod/mini'
  import { defineFunction } from '../../shared/function/define.ts'
  ${before}
  export default defineFunction({
    name: 'heavy', access: ['user'], input: z.strictObject({}), uses: {}, timeoutSeconds: 1,
    handle: async () => ({ answer: ${does} }),
  })`

const refused: readonly [what: string, source: string, message: RegExp][] = [
  [
    'is too large',
    functionThat(`'${'x'.repeat(100_000)}'`),
    /^heavy on \w+: \d+ bytes are more than \d+ KB$/,
  ],
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
